package dev.ambit.waypoint.auth;

import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.ByteArrayOutputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One exchange with a provider that answers as soon as the request is complete. */
final class ProviderStream implements HttpStream {
  private final EventLoop loop;
  final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private @Nullable Receiver receiver;
  @Nullable RequestHead request;
  @Nullable Reason reset;

  /** What it answers with; silent when null. */
  @Nullable Script script;

  /** Plays an answer. */
  interface Script {
    void play(Receiver to);
  }

  ProviderStream(EventLoop loop) {
    this.loop = loop;
  }

  static Script answer(int status, byte[] body, HttpHeaders headers, HttpHeaders trailers) {
    return to -> {
      to.onResponse(new ResponseHead(status, headers));
      if (body.length > 0) {
        to.onBytes(Unpooled.copiedBuffer(body));
      }
      to.onBatchEnd();
      to.onFinish(trailers);
    };
  }

  static HttpHeaders headers(String... pairs) {
    HttpHeaders headers = new DefaultHttpHeaders();
    for (int i = 0; i < pairs.length; i += 2) {
      headers.add(pairs[i], pairs[i + 1]);
    }
    return headers;
  }

  RequestHead asked() {
    return Objects.requireNonNull(request);
  }

  @Override
  public EventLoop loop() {
    return loop;
  }

  @Override
  public void start(Receiver to) {
    receiver = to;
  }

  @Override
  public void read() {
    // It delivers what it has.
  }

  @Override
  public void request(RequestHead head, boolean end) {
    request = head;
    if (end) {
      play();
    }
  }

  private void play() {
    Script now = script;
    if (now != null) {
      loop.execute(() -> now.play(Objects.requireNonNull(receiver)));
    }
  }

  @Override
  public void response(ResponseHead head, boolean end) {
    throw new UnsupportedOperationException("a stream towards an endpoint");
  }

  @Override
  public void write(ByteBuf bytes) {
    body.writeBytes(ByteBufUtil.getBytes(bytes));
    bytes.release();
  }

  @Override
  public void finish(HttpHeaders trailers) {
    play();
  }

  @Override
  public void flush() {
    // Nothing is held back.
  }

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public void reset(Reason reason) {
    reset = reason;
  }
}
