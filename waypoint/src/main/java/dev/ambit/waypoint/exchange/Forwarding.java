package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RetryPolicy;
import dev.ambit.model.http.RetryPolicy.Outcome;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import dev.ambit.waypoint.telemetry.Recorder;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.upstream.Upstreams;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way to endpoints: tries, and what of them reaches the client (spec: http-routing
 * §6, traffic-policy §8). Confined to the loop of the exchange.
 */
final class Forwarding implements Try.Owner {
  private static final AsciiString SERVICE_TIME =
      AsciiString.cached("x-envoy-upstream-service-time");

  private final Errand errand;
  private final Downstream client;
  private final Upstreams upstreams;
  private final Recorder recorder;
  private final RandomGenerator random;
  private final EventLoop loop;
  private final Told told;
  private final RequestBody body;
  private final Deadline overall;
  private final Deadline perTry;
  private final Deadline backoff;
  private final Set<String> tried = new HashSet<>(0);
  private @Nullable Try current;
  private boolean retrying;
  private boolean upgraded;
  private boolean over;
  private long sentNanos;

  /** What a forwarding needs of its surroundings. */
  record Means(Upstreams upstreams, Recorder recorder, RandomGenerator random) {}

  Forwarding(Errand errand, Downstream client, Means means) {
    this.errand = errand;
    this.client = client;
    this.upstreams = means.upstreams();
    this.recorder = means.recorder();
    this.random = means.random();
    this.loop = errand.caller().loop();
    this.told = errand.told();
    this.body = errand.body();
    this.overall = new Deadline(loop);
    this.perTry = new Deadline(loop);
    this.backoff = new Deadline(loop);
    told.cluster = errand.cluster().key();
  }

  void start() {
    if (errand.retry().retries() == 0 || errand.outgoing().upgrade()) {
      body.letGo();
    }
    watchOverall();
    attempt();
  }

  private void watchOverall() {
    Duration limit = errand.overall();
    if (limit != null && body.ended() && !overall.isSet() && !over) {
      overall.in(limit, this::tookTooLong);
    }
  }

  private void attempt() {
    told.attempts++;
    body.rewind();
    switch (upstreams.choose(errand.cluster(), Mirrors.call(errand, tried, preferred()))) {
      case Upstreams.Unable(LocalReply reply, String why) -> {
        told.transportFailure = why;
        answer(Reply.of(reply, Details.of(reply)));
      }
      case Upstreams.Chosen chosen -> {
        told.endpoint = chosen.endpoint();
        Try next = new Try(chosen, this);
        current = next;
        RequestHead head = errand.outgoing().head(told.attempts);
        recorder.sending(told, head);
        sentNanos = now();
        watchTry();
        next.open(head, body.isEmpty() && !errand.outgoing().upgrade());
      }
    }
  }

  private String preferred() {
    Session session = errand.session();
    return session == null || tried.contains(session.endpoint()) ? "" : session.endpoint();
  }

  private void watchTry() {
    Duration limit = errand.perTry();
    if (limit != null && body.ended() && !perTry.isSet() && !client.isAnswering()) {
      perTry.in(limit, this::tryTookTooLong);
    }
  }

  /** More of the request is there. */
  void onRequest() {
    watchOverall();
    if (current != null) {
      watchTry();
    }
    pump();
  }

  private void pump() {
    Try now = current;
    if (over || now == null || !now.isOpen()) {
      return;
    }
    if (errand.outgoing().upgrade() && !upgraded) {
      // Nothing of the new protocol may pass before both sides agreed on it.
      return;
    }
    now.send(body);
    if (now.writable() && body.allSent()) {
      client.read();
    }
  }

  /** The client takes more of the response. */
  void onClientWritable() {
    if (current != null) {
      current.read();
    }
  }

  @Override
  public void onOpen() {
    pump();
  }

  @Override
  public void onHead(ResponseHead head) {
    if (head.isInformational()) {
      if (head.status() != 100) {
        client.informational(head);
      }
      return;
    }
    if (client.isAnswering() || (head.status() == 101 && !errand.outgoing().upgrade())) {
      onFailed(new Try.Failed(LocalReply.UPSTREAM_PROTOCOL, new RetryPolicy.StreamReset(true), ""));
      return;
    }
    Try answering = trying();
    int grpcStatus = client.isGrpc() ? Grpc.status(head.headers()) : -1;
    answering.chosen().answered(Grpc.httpStatus(grpcStatus).orElse(head.status()));
    if (again(new RetryPolicy.Answered(head.status(), grpcStatus))) {
      answering.cancel();
      return;
    }
    accept(head, answering, grpcStatus);
  }

  private void accept(ResponseHead head, Try answering, int grpcStatus) {
    perTry.cancel();
    body.letGo();
    told.firstUpstreamByteNanos = now();
    told.details = Details.VIA_UPSTREAM;
    told.grpcStatus = grpcStatus;
    HttpHeaders headers = head.headers();
    EditedHeaders.apply(errand.outgoing().share().response(), headers, "");
    headers.set(SERVICE_TIME, String.valueOf(TimeUnit.NANOSECONDS.toMillis(now() - sentNanos)));
    if (errand.session() != null) {
      String uid = answering.chosen().endpoint().workload().uid();
      errand.session().tell(errand.outgoing().share(), uid, headers);
    }
    String cookie = answering.chosen().setCookie();
    if (!cookie.isEmpty()) {
      headers.add("set-cookie", cookie);
    }
    upgraded = errand.outgoing().upgrade() && head.status() == 101;
    if (upgraded) {
      overall.cancel();
      boolean two = told.request.version() == RequestHead.Version.HTTP_2;
      client.respond(two ? new ResponseHead(200, headers) : head, true);
      pump();
    } else {
      client.respond(head, false);
      if (errand.outgoing().upgrade()) {
        answering.endRequest(EmptyHttpHeaders.INSTANCE);
      }
    }
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    if (client.isOver() || !client.isAnswering()) {
      bytes.release();
    } else {
      client.write(bytes);
    }
  }

  @Override
  public void onBatchEnd() {
    if (client.isAnswering()) {
      client.flush();
    }
    if (client.writable()) {
      trying().read();
    }
  }

  @Override
  public void onEnd(HttpHeaders trailers) {
    if (!client.isAnswering()) {
      onFailed(new Try.Failed(LocalReply.CONNECTION_CLOSED, new RetryPolicy.StreamReset(true), ""));
      return;
    }
    client.finish(trailers);
    if (!upgraded || client.isOver()) {
      stop();
    }
  }

  @Override
  public void onWritable() {
    pump();
  }

  @Override
  public void onFailed(Try.Failed how) {
    perTry.cancel();
    Try failed = current;
    if (failed != null) {
      failed.cancel();
    }
    if (client.isAnswering()) {
      client.reset(how.reply().flag(), Details.late(how.reply()));
      stop();
      return;
    }
    told.transportFailure = how.transport();
    if (!again(how.outcome())) {
      answer(withTransport(how));
    }
  }

  private static Reply withTransport(Try.Failed how) {
    LocalReply reply = how.reply();
    boolean told = reply != LocalReply.CONNECT_FAILURE || how.transport().isEmpty();
    return told
        ? Reply.of(reply, Details.of(reply))
        : Reply.of(
            reply.status(),
            reply.flag(),
            Details.of(reply),
            reply.body() + ", transport failure reason: " + how.transport());
  }

  /** Arranges another try after one that ended with {@code outcome}; false when there is none. */
  private boolean again(Outcome outcome) {
    RetryPolicy policy = errand.retry();
    if (policy.retries() == 0 || client.isAnswering() || !policy.retriable(outcome)) {
      return false;
    }
    if (told.attempts > policy.retries()) {
      Flags.add(told, "URX");
      return false;
    }
    endRetry();
    if (!body.replayable()) {
      return false;
    }
    if (!upstreams.retrying(errand.cluster())) {
      Flags.add(told, LocalReply.OVERFLOW.flag());
      return false;
    }
    retrying = true;
    perTry.cancel();
    if (policy.avoidTried()) {
      tried.add(trying().chosen().endpoint().workload().uid());
    }
    backoff.in(policy.backoff(told.attempts, random), this::attempt);
    return true;
  }

  private void endRetry() {
    if (retrying) {
      retrying = false;
      upstreams.retried(errand.cluster());
    }
  }

  private void tryTookTooLong() {
    trying().tooSlow();
    RetryPolicy.TryTimedOut outcome = new RetryPolicy.TryTimedOut();
    if (!again(outcome)) {
      answer(Reply.of(LocalReply.TIMEOUT, Details.TRY_TIMEOUT));
    }
  }

  private void tookTooLong() {
    if (current != null) {
      current.tooSlow();
    }
    if (client.isAnswering()) {
      client.reset(LocalReply.TIMEOUT.flag(), Details.TIMEOUT);
      stop();
    } else {
      answer(Reply.of(LocalReply.TIMEOUT, Details.TIMEOUT));
    }
  }

  private void answer(Reply reply) {
    stop();
    client.reply(reply);
  }

  /** Nothing more is to be done; what is still under way upstream is given up. */
  void stop() {
    if (over) {
      return;
    }
    over = true;
    overall.cancel();
    perTry.cancel();
    backoff.cancel();
    endRetry();
    if (current != null) {
      current.cancel();
    }
  }

  private Try trying() {
    Try now = current;
    if (now == null) {
      throw new IllegalStateException("no try");
    }
    return now;
  }

  private long now() {
    return loop.ticker().nanoTime();
  }
}
