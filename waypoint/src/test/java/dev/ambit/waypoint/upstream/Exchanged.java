package dev.ambit.waypoint.upstream;

import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.HttpStream.Reason;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What came of one exchange with an endpoint. */
final class Exchanged implements HttpStream.Receiver {
  private static final long DEADLINE_SECONDS = 20;

  final HttpStream stream;
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private final List<ResponseHead> heads = new ArrayList<>();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private volatile boolean reads = true;
  private volatile @Nullable HttpHeaders trailers;
  private volatile @Nullable Reason reason;
  private volatile String detail = "";

  private Exchanged(HttpStream stream) {
    this.stream = stream;
  }

  static Exchanged open(Mesh mesh, Upstreams.Chosen chosen, RequestHead head, boolean end) {
    Future<HttpStream> stream = mesh.onLoop(() -> chosen.http(head)).awaitUninterruptibly();
    if (!stream.isSuccess()) {
      throw (Upstreams.Unreachable) stream.cause();
    }
    return mesh.onLoop(() -> begin(stream.getNow(), head, end));
  }

  /** Begins on the loop. */
  static Exchanged begin(HttpStream stream, RequestHead head, boolean end) {
    Exchanged exchanged = new Exchanged(stream);
    stream.start(exchanged);
    stream.request(head, end);
    stream.flush();
    stream.read();
    return exchanged;
  }

  /** Asks for nothing more by itself. */
  Exchanged stalled() {
    reads = false;
    return this;
  }

  /** Asks again. */
  void goOn(Mesh mesh) {
    reads = true;
    mesh.onLoop(() -> {
      stream.read();
      return true;
    });
  }

  @Override
  public void onResponse(ResponseHead head) {
    synchronized (heads) {
      heads.add(head);
    }
    events.add("head " + head.status());
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    synchronized (body) {
      byte[] copy = new byte[bytes.readableBytes()];
      bytes.readBytes(copy);
      body.writeBytes(copy);
    }
    bytes.release();
    events.add("bytes");
  }

  @Override
  public void onBatchEnd() {
    if (reads) {
      stream.read();
    }
  }

  @Override
  public void onFinish(HttpHeaders last) {
    trailers = last;
    events.add("finish");
  }

  @Override
  public void onWritable() {
    events.add("writable");
  }

  @Override
  public void onReset(Reason why, @Nullable String what) {
    reason = why;
    detail = String.valueOf(what);
    events.add("reset");
  }

  /** Waits for {@code event}; answers what came before it. */
  List<String> await(String event) throws InterruptedException {
    List<String> before = new ArrayList<>();
    for (; ; ) {
      String next = events.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("no " + event + ", only " + before);
      }
      if (next.equals(event)) {
        return before;
      }
      if (next.equals("reset")) {
        throw new AssertionError(
            "no " + event + " but reset: " + reason + " " + detail + " behind " + before);
      }
      before.add(next);
    }
  }

  void awaitEnd() throws InterruptedException {
    List<String> before = new ArrayList<>();
    for (; ; ) {
      String next = events.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("no end, only " + before);
      }
      if (next.equals("finish") || next.equals("reset")) {
        return;
      }
      before.add(next);
    }
  }

  ResponseHead head() {
    synchronized (heads) {
      return heads.getLast();
    }
  }

  List<Integer> statuses() {
    synchronized (heads) {
      return heads.stream().map(ResponseHead::status).toList();
    }
  }

  String body() {
    synchronized (body) {
      return body.toString(StandardCharsets.UTF_8);
    }
  }

  int received() {
    synchronized (body) {
      return body.size();
    }
  }

  @Nullable HttpHeaders trailers() {
    return trailers;
  }

  @Nullable Reason reason() {
    return reason;
  }

  String detail() {
    return detail;
  }
}
