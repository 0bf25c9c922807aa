package dev.ambit.waypoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.workload.ServicePort.AppProtocol;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls of gRPC through a whole waypoint: streams both ways, trailers, cancellation. */
@Timeout(60)
final class GrpcCallsTest {
  private static final Metadata.Key<String> NOTE =
      Metadata.Key.of("x-note", Metadata.ASCII_STRING_MARSHALLER);
  private static final MethodDescriptor<String, String> ECHO =
      MethodDescriptor.<String, String>newBuilder()
          .setType(MethodType.BIDI_STREAMING)
          .setFullMethodName("test.Echo/Talk")
          .setRequestMarshaller(new Text())
          .setResponseMarshaller(new Text())
          .build();

  private final LocalWaypoint waypoint = new LocalWaypoint();
  private final CountDownLatch cancelled = new CountDownLatch(1);
  private @Nullable Server server;
  private @Nullable ManagedChannel channel;

  /** Messages are texts. */
  private static final class Text implements MethodDescriptor.Marshaller<String> {
    @Override
    public InputStream stream(String value) {
      return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String parse(InputStream stream) {
      try {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @BeforeEach
  void open() throws Exception {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 0))
            .addService(
                ServerServiceDefinition.builder("test.Echo")
                    .addMethod(ECHO, (call, headers) -> talk(call))
                    .build())
            .build()
            .start();
    waypoint.service("echo", 1, AppProtocol.GRPC).backend(server.getPort(), "echo");
    InetSocketAddress near = waypoint.near("10.96.0.1:80");
    channel = NettyChannelBuilder.forAddress("127.0.0.1", near.getPort()).usePlaintext().build();
  }

  @AfterEach
  void close() throws Exception {
    if (channel != null) {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
    if (server != null) {
      server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
    waypoint.close();
  }

  /** Says each message back; {@code fail} ends with NOT_FOUND. */
  private ServerCall.Listener<String> talk(ServerCall<String, String> call) {
    call.sendHeaders(new Metadata());
    call.request(1);
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(String message) {
        if (message.equals("fail")) {
          Metadata trailers = new Metadata();
          trailers.put(NOTE, "lost");
          call.close(Status.NOT_FOUND.withDescription("no such thing: 100 %"), trailers);
        } else {
          call.sendMessage(message);
          call.request(1);
        }
      }

      @Override
      public void onHalfClose() {
        call.close(Status.OK, new Metadata());
      }

      @Override
      public void onCancel() {
        cancelled.countDown();
      }
    };
  }

  /** The client's side of a call. */
  private static final class Talking extends ClientCall.Listener<String> {
    final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

    @Override
    public void onMessage(String message) {
      heard.add(message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      heard.add(status.getCode() + " " + status.getDescription() + " " + trailers.get(NOTE));
    }

    String next() throws InterruptedException {
      String next = heard.poll(10, TimeUnit.SECONDS);
      return next == null ? "nothing" : next;
    }
  }

  private ClientCall<String, String> call(Talking talking, CallOptions options) {
    if (channel == null) {
      throw new AssertionError("no channel");
    }
    ClientCall<String, String> call = channel.newCall(ECHO, options);
    call.start(talking, new Metadata());
    call.request(Integer.MAX_VALUE);
    return call;
  }

  @Test
  void both_sides_talk_in_turn() throws Exception {
    Talking talking = new Talking();
    ClientCall<String, String> call = call(talking, CallOptions.DEFAULT);
    for (int i = 0; i < 100; i++) {
      call.sendMessage("m" + i);
      assertThat(talking.next()).isEqualTo("m" + i);
    }
    call.halfClose();
    assertThat(talking.next()).isEqualTo("OK null null");
    assertThat(waypoint.tale.next()).isEqualTo("200 - via_upstream");
  }

  @Test
  void many_calls_at_once_keep_apart() throws Exception {
    List<Talking> all = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      Talking talking = new Talking();
      ClientCall<String, String> call = call(talking, CallOptions.DEFAULT);
      for (int j = 0; j < 20; j++) {
        call.sendMessage(i + " " + j);
      }
      call.halfClose();
      all.add(talking);
    }
    for (int i = 0; i < all.size(); i++) {
      for (int j = 0; j < 20; j++) {
        assertThat(all.get(i).next()).isEqualTo(i + " " + j);
      }
      assertThat(all.get(i).next()).isEqualTo("OK null null");
    }
  }

  @Test
  void trailers_arrive() throws Exception {
    Talking talking = new Talking();
    call(talking, CallOptions.DEFAULT).sendMessage("fail");
    assertThat(talking.next()).isEqualTo("NOT_FOUND no such thing: 100 % lost");
  }

  @Test
  void a_cancelled_call_is_cancelled_at_the_server() throws Exception {
    Talking talking = new Talking();
    ClientCall<String, String> call = call(talking, CallOptions.DEFAULT);
    call.sendMessage("a");
    assertThat(talking.next()).isEqualTo("a");
    call.cancel("enough", null);
    assertThat(cancelled.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(waypoint.tale.next()).isEqualTo("200 DC downstream_remote_disconnect");
  }

  @Test
  void a_large_message_passes() throws Exception {
    Talking talking = new Talking();
    ClientCall<String, String> call = call(talking, CallOptions.DEFAULT);
    String large = "x".repeat(3_000_000);
    call.sendMessage(large);
    assertThat(talking.next()).isEqualTo(large);
    call.halfClose();
  }

  @Test
  @DisplayName("http-routing §5: local replies are statuses of gRPC")
  void local_replies() throws Exception {
    waypoint.program(
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: GRPCRoute
        metadata: {name: g, namespace: demo}
        spec:
          parentRefs: [{group: "", kind: Service, name: echo}]
          rules:
          - matches: [{method: {service: other.Service}}]
            backendRefs: [{name: echo, port: 80}]
        """);
    Talking talking = new Talking();
    call(talking, CallOptions.DEFAULT).halfClose();
    assertThat(talking.next()).startsWith("UNIMPLEMENTED");
  }

  @Test
  void a_server_that_is_gone_is_unavailable() throws Exception {
    if (server != null) {
      server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
    Talking talking = new Talking();
    call(talking, CallOptions.DEFAULT).halfClose();
    assertThat(talking.next()).startsWith("UNAVAILABLE upstream connect error");
  }
}
