package dev.ambit.waypoint.server;

import dev.ambit.dataplane.relay.Leg;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Answers by the path of a request; keeps what it was told. */
final class FakeServices implements HttpService, StreamService {
  /** One request as it was served. */
  record Got(Caller caller, RequestHead head, boolean ended, HttpStream stream) {}

  final BlockingQueue<Got> requests = new LinkedBlockingQueue<>();
  final BlockingQueue<String> refusals = new LinkedBlockingQueue<>();
  final BlockingQueue<String> endings = new LinkedBlockingQueue<>();
  final BlockingQueue<String> serverNames = new LinkedBlockingQueue<>();
  final AtomicLong written = new AtomicLong();
  final AtomicLong received = new AtomicLong();

  static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
    T taken = queue.poll(10, TimeUnit.SECONDS);
    if (taken == null) {
      throw new AssertionError("nothing came");
    }
    return taken;
  }

  @Override
  public void refused(Caller caller, int status, String detail) {
    refusals.add(status + " " + detail);
  }

  @Override
  public void serve(Caller caller, RequestHead head, boolean ended, HttpStream stream) {
    requests.add(new Got(caller, head, ended, stream));
    if (!head.upgrade().isEmpty() && !head.target().equals("/hello")) {
      stream.start(new Echo(stream, new ResponseHead(101, new DefaultHttpHeaders())));
      return;
    }
    switch (head.target()) {
      case "/echo" -> {
        var headers = new DefaultHttpHeaders();
        headers.set("x-method", head.method());
        ResponseHead response = new ResponseHead(200, headers);
        if (ended) {
          stream.response(response, true);
          stream.flush();
        } else {
          stream.start(new Echo(stream, response));
        }
      }
      case "/reject" -> {
        stream.response(new ResponseHead(403, headers("content-length", "0")), true);
        stream.flush();
      }
      case "/early" -> {
        stream.start(
            new Recorded(stream) {
              @Override
              public void onBatchEnd() {
                stream.read();
              }
            });
        stream.response(new ResponseHead(200, headers("content-length", "0")), true);
        stream.flush();
        stream.read();
      }
      case "/chunks" -> {
        stream.response(new ResponseHead(200, new DefaultHttpHeaders()), false);
        stream.write(text("one"));
        stream.write(text("two"));
        stream.finish(headers("x-last", "yes"));
        stream.flush();
      }
      case "/early-hints" -> {
        stream.response(new ResponseHead(103, headers("link", "</a>")), false);
        ok(stream, "ok");
      }
      case "/big" -> new Endless(stream).begin();
      case "/sink" -> stream.start(new Sink(stream));
      case "/hold" -> stream.start(new Recorded(stream));
      case "/reset" -> stream.reset(HttpStream.Reason.INTERNAL_ERROR);
      default -> ok(stream, "hello");
    }
  }

  private static void ok(HttpStream stream, String body) {
    String length = Integer.toString(body.length());
    stream.response(new ResponseHead(200, headers("content-length", length)), false);
    stream.write(text(body));
    stream.finish(EmptyHttpHeaders.INSTANCE);
    stream.flush();
  }

  static HttpHeaders headers(String name, String value) {
    return new DefaultHttpHeaders().set(name, value);
  }

  static ByteBuf text(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
  }

  @Override
  public void serve(Caller caller, String serverName, Leg client) {
    serverNames.add(serverName);
    client.write(text("welcome "));
    client.flush();
    client.start(
        new Leg.Receiver() {
          @Override
          public void onBytes(ByteBuf bytes) {
            client.write(bytes);
          }

          @Override
          public void onBatchEnd() {
            client.flush();
            client.read();
          }

          @Override
          public void onWritable() {}

          @Override
          public void onFinish() {
            client.finish();
          }

          @Override
          public void onFinished() {}

          @Override
          public void onGone() {}

          @Override
          public void onBroken(Throwable cause) {}
        });
    client.read();
  }

  /** Writes down how the stream ended. */
  private class Recorded implements HttpStream.Receiver {
    final HttpStream stream;

    Recorded(HttpStream stream) {
      this.stream = stream;
    }

    @Override
    public void onResponse(ResponseHead head) {
      throw new AssertionError("a response from a client");
    }

    @Override
    public void onBytes(ByteBuf bytes) {
      received.addAndGet(bytes.readableBytes());
      bytes.release();
    }

    @Override
    public void onBatchEnd() {}

    @Override
    public void onFinish(HttpHeaders trailers) {
      endings.add("finished " + trailers.get("x-last", ""));
    }

    @Override
    public void onWritable() {}

    @Override
    public void onReset(HttpStream.Reason reason, @Nullable String detail) {
      endings.add("reset " + reason);
    }
  }

  /** Sends everything back. */
  private final class Echo extends Recorded {
    Echo(HttpStream stream, ResponseHead head) {
      super(stream);
      stream.response(head, false);
      stream.flush();
      stream.loop().execute(stream::read);
    }

    @Override
    public void onBytes(ByteBuf bytes) {
      stream.write(bytes);
    }

    @Override
    public void onBatchEnd() {
      stream.flush();
      stream.read();
    }

    @Override
    public void onFinish(HttpHeaders trailers) {
      stream.finish(trailers);
      stream.flush();
      super.onFinish(trailers);
    }
  }

  /** Takes everything, then says how much. */
  private final class Sink extends Recorded {
    private long size;

    Sink(HttpStream stream) {
      super(stream);
      stream.loop().execute(stream::read);
    }

    @Override
    public void onBytes(ByteBuf bytes) {
      size += bytes.readableBytes();
      super.onBytes(bytes);
    }

    @Override
    public void onBatchEnd() {
      stream.read();
    }

    @Override
    public void onFinish(HttpHeaders trailers) {
      String answer = Long.toString(size);
      stream.response(
          new ResponseHead(200, headers("content-length", Integer.toString(answer.length()))),
          false);
      stream.write(text(answer));
      stream.finish(EmptyHttpHeaders.INSTANCE);
      stream.flush();
      super.onFinish(trailers);
    }
  }

  /** Writes for as long as it may. */
  private final class Endless extends Recorded {
    Endless(HttpStream stream) {
      super(stream);
    }

    void begin() {
      stream.start(this);
      stream.response(new ResponseHead(200, new DefaultHttpHeaders()), false);
      onWritable();
    }

    @Override
    public void onWritable() {
      while (stream.writable()) {
        stream.write(Unpooled.buffer(16 * 1024).writeZero(16 * 1024));
        written.addAndGet(16 * 1024);
      }
      stream.flush();
    }
  }
}
