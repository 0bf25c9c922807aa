package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream that does what the test says and remembers what it was told. */
final class ScriptedStream implements HttpStream {
  private final EventLoop loop;

  /** Everything ever handed over, to see that it was let go. */
  private final List<ByteBuf> delivered = new ArrayList<>();

  final List<String> told = new ArrayList<>();
  final StringBuilder body = new StringBuilder();
  boolean writable = true;
  int reads;
  int flushes;
  @Nullable Receiver receiver;
  @Nullable RequestHead request;
  @Nullable ResponseHead response;
  @Nullable HttpHeaders trailers;
  @Nullable Reason reset;

  /** Our half ended with a head. */
  private boolean ended;

  /** The far end has ended its half. */
  private boolean done;

  private boolean broken;

  /** The test has given the final head. */
  boolean answered;

  ScriptedStream(EventLoop loop) {
    this.loop = loop;
  }

  // What the code under test calls.

  @Override
  public EventLoop loop() {
    return loop;
  }

  @Override
  public void start(Receiver to) {
    assertThat(receiver).as("started once").isNull();
    receiver = to;
  }

  /** Whether nothing may be queued any more. */
  private void alive(String what) {
    assertThat(reset).as(what + " after a reset").isNull();
    assertThat(broken).as(what + " after the far end was gone").isFalse();
  }

  private void open(String what) {
    alive(what);
    assertThat(trailers).as(what + " after the end").isNull();
    assertThat(ended).as(what + " after the end").isFalse();
  }

  @Override
  public void read() {
    alive("read");
    assertThat(done).as("read after the far end was done").isFalse();
    reads++;
  }

  @Override
  public void request(RequestHead head, boolean end) {
    assertThat(request).as("one request").isNull();
    open("request");
    ended = end;
    request = head;
    told.add("request " + head.method() + " " + head.target() + (end ? " end" : ""));
  }

  @Override
  public void response(ResponseHead head, boolean end) {
    assertThat(response == null || response.status() < 200).as("one final response").isTrue();
    open("response");
    ended = end;
    response = head;
    told.add("response " + head.status() + (end ? " end" : ""));
  }

  @Override
  public void write(ByteBuf bytes) {
    open("write");
    assertThat(request != null || response != null).as("a head first").isTrue();
    String text = bytes.toString(StandardCharsets.ISO_8859_1);
    body.append(text);
    told.add("write " + text);
    bytes.release();
  }

  @Override
  public void finish(HttpHeaders with) {
    open("finish");
    trailers = with;
    told.add(with.isEmpty() ? "finish" : "finish " + with.entries());
  }

  @Override
  public void flush() {
    flushes++;
  }

  @Override
  public boolean writable() {
    return writable;
  }

  @Override
  public void reset(Reason reason) {
    alive("reset");
    reset = reason;
    told.add("reset " + reason);
  }

  // What the test says.

  private Receiver receiver() {
    if (receiver == null) {
      throw new AssertionError("not started");
    }
    return receiver;
  }

  private void asked() {
    assertThat(reads).as("asked for more").isPositive();
  }

  /** Bytes and the end of a batch, which must have been asked for. */
  void sends(String text) {
    asked();
    sendsUnasked(text);
  }

  void sendsUnasked(String text) {
    ByteBuf bytes = Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    delivered.add(bytes);
    receiver().onBytes(bytes);
    batchEnds();
  }

  private void batchEnds() {
    reads = Math.max(0, reads - 1);
    receiver().onBatchEnd();
  }

  void ends(String... trailer) {
    done = true;
    receiver().onFinish(headers(trailer));
  }

  void answers(int status, String... headers) {
    asked();
    answered = status >= 200 || status == 101;
    receiver().onResponse(new ResponseHead(status, headers(headers)));
    batchEnds();
  }

  /** Head and end in one. */
  void answersAll(int status, String... headers) {
    asked();
    answered = true;
    receiver().onResponse(new ResponseHead(status, headers(headers)));
    done = true;
    receiver().onFinish(headers());
  }

  /** Whether the test may still say something. */
  boolean isAlive() {
    return receiver != null && reset == null && !broken;
  }

  boolean isDone() {
    return done;
  }

  void breaks(Reason reason) {
    broken = true;
    receiver().onReset(reason, null);
  }

  void stalls() {
    writable = false;
  }

  void drains() {
    writable = true;
    receiver().onWritable();
  }

  void assertNothingLeaked() {
    assertThat(delivered).allSatisfy(bytes -> assertThat(bytes.refCnt()).isZero());
  }

  static HttpHeaders headers(String... namesAndValues) {
    HttpHeaders headers = new DefaultHttpHeaders();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      headers.add(namesAndValues[i], namesAndValues[i + 1]);
    }
    return headers;
  }
}
