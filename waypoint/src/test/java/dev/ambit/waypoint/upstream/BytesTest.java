package dev.ambit.waypoint.upstream;

import static dev.ambit.waypoint.upstream.Mesh.cluster;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.dataplane.relay.Leg;
import dev.ambit.model.http.LocalReply;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.TrafficPolicy.TlsMode;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Cluster.Protocol;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections that are not HTTP, plain and in TLS. */
@Timeout(60)
final class BytesTest {

  private final Mesh mesh = new Mesh();
  private final TestCa ca = TestCa.root("apps");

  @AfterEach
  void stop() {
    mesh.close();
  }

  private static Cluster secured(
      TlsMode mode, String roots, String sni, boolean skip, Cluster.Endpoint to, String... names) {
    return cluster(
        Protocol.HTTP_1, Policies.tls(Policies.clientTls(mode, roots, sni, skip, names), null), to);
  }

  /** Gathers what comes. */
  private static final class Taken implements Leg.Receiver {
    private final Leg leg;
    private final StringBuilder text = new StringBuilder();
    private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();

    private Taken(Leg leg) {
      this.leg = leg;
    }

    @Override
    public void onBytes(ByteBuf bytes) {
      text.append(bytes.toString(StandardCharsets.US_ASCII));
      bytes.release();
    }

    @Override
    public void onBatchEnd() {
      leg.read();
    }

    @Override
    public void onWritable() {}

    @Override
    public void onFinish() {
      ends.add("finish " + text);
    }

    @Override
    public void onFinished() {}

    @Override
    public void onGone() {
      ends.add("gone");
    }

    @Override
    public void onBroken(Throwable cause) {
      ends.add("broken");
    }
  }

  private String exchangeBytes(Cluster cluster) throws Exception {
    var chosen = (Upstreams.Chosen) mesh.choose(cluster, mesh.bytesCall());
    Future<Leg> opened = mesh.onLoop(chosen::bytes);
    assertThat(opened.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(opened.cause()).isNull();
    assertThat(mesh.group.rows().getFirst().connections()).isEqualTo(1);
    Taken taken =
        mesh.onLoop(() -> {
          Taken made = new Taken(opened.getNow());
          made.leg.start(made);
          made.leg.write(Unpooled.copiedBuffer("ping\n", StandardCharsets.US_ASCII));
          made.leg.flush();
          made.leg.read();
          return made;
        });
    String end = taken.ends.poll(20, TimeUnit.SECONDS);
    mesh.onLoop(() -> {
      taken.leg.abort();
      chosen.over();
      return true;
    });
    assertThat(mesh.group.rows().getFirst().connections()).isZero();
    return String.valueOf(end);
  }

  @Test
  void plain_bytes() throws Exception {
    try (Script app =
        new Script(peer -> {
          peer.say("got " + peer.until("\n"));
          peer.socket.shutdownOutput();
          assertThat(peer.in.read()).isEqualTo(-1);
        })) {
      for (Cluster.Endpoint to : List.of(app.plain("a"), app.captured("a"))) {
        assertThat(exchangeBytes(cluster(Protocol.TCP, TrafficPolicy.NONE, to)))
            .isEqualTo("finish got ping\n");
      }
    }
  }

  @Test
  void bytes_in_tls() throws Exception {
    BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    try (Script app = secureEcho(asked)) {
      for (Cluster.Endpoint to : List.of(app.plain("a"), app.captured("a"))) {
        assertThat(exchangeBytes(secured(TlsMode.SIMPLE, ca.rootPem(), "app.demo", false, to)))
            .isEqualTo("finish got ping\n");
      }
    }
  }

  private Script secureEcho(BlockingQueue<String> asked) throws Exception {
    TestCa.ServerCertificate certificate = ca.server("app.demo");
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    keys.setKeyEntry(
        "app",
        certificate.keys().getPrivate(),
        new char[0],
        certificate.chain().toArray(X509Certificate[]::new));
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(keys, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return new Script(peer -> {
      try (SSLSocket tls =
          (SSLSocket) context.getSocketFactory().createSocket(peer.socket, peer.in, true)) {
        tls.setUseClientMode(false);
        asked.add("hello");
        byte[] line = tls.getInputStream().readNBytes(5);
        tls.getOutputStream()
            .write(
                ("got " + new String(line, StandardCharsets.US_ASCII))
                    .getBytes(StandardCharsets.US_ASCII));
        tls.shutdownOutput();
        assertThat(tls.getInputStream().read()).isEqualTo(-1);
      }
    });
  }

  @Test
  @DisplayName("traffic-policy §4: more than maxConnections for bytes are refused with UO")
  void most_connections_for_bytes() throws Exception {
    try (Script app = new Script(peer -> peer.request())) {
      Cluster cluster = cluster(Protocol.TCP, Policies.connections(1), app.plain("a"));
      var chosen = (Upstreams.Chosen) mesh.choose(cluster, mesh.bytesCall());
      Future<Leg> opened = mesh.onLoop(chosen::bytes);
      assertThat(opened.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(mesh.choose(cluster, mesh.bytesCall()))
          .isInstanceOfSatisfying(
              Upstreams.Unable.class,
              unable -> assertThat(unable.reply()).isEqualTo(LocalReply.OVERFLOW));
      mesh.onLoop(() -> {
        opened.getNow().abort();
        chosen.over();
        return true;
      });
    }
  }
}
