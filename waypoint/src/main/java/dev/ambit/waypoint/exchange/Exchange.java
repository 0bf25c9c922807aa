package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.CorsPolicy;
import dev.ambit.model.http.Fault;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.HttpSubject;
import dev.ambit.model.http.JwtClaims;
import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteEntry;
import dev.ambit.model.object.SessionPersistence;
import dev.ambit.model.policy.Verdict;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Checked;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Passed;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Refused;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.upstream.Upstreams;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The life of one request: decided step by step, then answered here or sent on (specs:
 * http-routing, l7-authorization §2). Confined to the loop of the client's connection.
 */
final class Exchange implements Downstream.Owner {
  private final Setting setting;
  private final Caller caller;
  private final Destination destination;
  private final RequestHead head;
  private final Told told;
  private final RequestBody body;
  private final Downstream client;
  private final Mirrors mirrors;
  private final Deadline delay;
  private final IdleWatch idle;

  private @Nullable HttpAttributes attributes;
  private @Nullable Forwarding forwarding;

  /** Goes on once enough of the body is there; null when nobody waits for it. */
  private @Nullable Runnable onBody;

  private int bodyWanted;

  /** What one exchange works with. */
  record Setting(Exchanges.Parts parts, ExchangeSettings settings, Snapshot snapshot) {}

  Exchange(Setting setting, Told told, HttpStream stream, boolean ended) {
    this.setting = setting;
    this.told = told;
    this.head = told.request;
    this.caller = told.caller;
    this.destination = caller.destination();
    ExchangeSettings settings = setting.settings();
    this.body = new RequestBody(settings.replayLimit(), ended || Upgrades.isDeclined(head));
    this.client = new Downstream(stream, told, body, settings.limits().drain());
    this.delay = new Deadline(caller.loop());
    this.mirrors = new Mirrors(setting, told);
    this.idle = new IdleWatch(this, settings.limits(), caller.loop());
  }

  void begin() {
    setting.parts().recorder().begun(told);
    client.start(this, this::ended);
    if (client.isOver()) {
      return;
    }
    idle.start(isOpenEnded());
    decide();
  }

  /** Whether silence is no sign of trouble. */
  private boolean isOpenEnded() {
    return client.isGrpc() || !head.upgrade().isEmpty();
  }

  private void decide() {
    boolean tunnel = head.method().equals("CONNECT") && !Upgrades.isAsked(head);
    if (tunnel) {
      client.reply(Reply.of(LocalReply.NO_ROUTE, Details.NO_ROUTE));
      return;
    }
    Optional<HttpAttributes> parsed =
        HttpAttributes.of(
            head.method().equals("CONNECT") ? "GET" : head.method(),
            head.scheme(),
            head.authority(),
            head.target(),
            new HeaderView(head.headers()),
            setting.snapshot().normalization().orElse(setting.settings().normalization()));
    if (parsed.isEmpty()) {
      client.reply(Reply.of(400, "-", Details.BAD_PATH, ""));
      return;
    }
    attributes = parsed.get();
    HttpSubject subject = subject(parsed.get(), null);
    switch (destination.http().custom(subject)) {
      case HttpAuthorizer.NoneToAsk _ -> authenticate(parsed.get());
      case HttpAuthorizer.CannotAsk(String reason) -> {
        told.deniedBy = reason;
        client.reply(Reply.of(LocalReply.FORBIDDEN, "rbac_access_denied_matched_policy[custom]"));
      }
      case HttpAuthorizer.Ask(List<String> providers) -> gather(providers, subject);
    }
  }

  private HttpSubject subject(HttpAttributes request, @Nullable JwtClaims claims) {
    return new HttpSubject(
        request,
        caller.peer(),
        caller.source().getAddress(),
        ClientHeaders.remote(head, caller, setting.settings().trustedProxies()),
        caller.local(),
        "",
        claims);
  }

  private void gather(List<String> providers, HttpSubject subject) {
    bodyWanted = head.upgrade().isEmpty() ? setting.parts().external().bodyWanted(providers) : 0;
    if (bodyWanted == 0) {
      ask(providers, subject, null);
    } else {
      onBody = () -> ask(providers, subject, body.copy(bodyWanted, ByteBufAllocator.DEFAULT));
      onRequest();
    }
  }

  private void ask(List<String> providers, HttpSubject subject, @Nullable ByteBuf start) {
    Future<Checked> asked =
        setting.parts().external().check(providers, subject, head, start, caller);
    asked.addListener((Future<Checked> done) -> {
      if (start != null) {
        start.release();
      }
      if (!client.isOver()) {
        checked(done.getNow());
      }
    });
  }

  private void checked(@Nullable Checked answer) {
    switch (answer) {
      case null -> client.reply(Reply.of(LocalReply.CHECK_DENIED, Details.CHECK_DENIED));
      case Refused refused -> {
        told.deniedBy = refused.why();
        client.reply(
            new Reply(
                refused.status(),
                LocalReply.CHECK_DENIED.flag(),
                Details.CHECK_DENIED,
                refused.headers().copy(),
                refused.body(),
                -1));
      }
      case Passed passed -> {
        HttpHeaders headers = head.headers();
        passed.set().names().forEach(name -> headers.set(name, passed.set().getAll(name)));
        passed.remove().forEach(headers::remove);
        client.everywhere().add(passed.onResponse());
        if (attributes != null) {
          authenticate(attributes);
        }
      }
    }
  }

  private void authenticate(HttpAttributes request) {
    TokenCheck.Result result =
        TokenCheck.check(
            destination.jwt(), request, head.headers(), setting.parts().clock().instant());
    switch (result) {
      case TokenCheck.Refused(Reply reply) -> client.reply(reply);
      case TokenCheck.Passed(JwtClaims claims, String query) -> {
        HttpAttributes plain =
            query.equals(request.query())
                ? request
                : new HttpAttributes(
                    request.method(),
                    request.scheme(),
                    request.authority(),
                    request.path(),
                    query,
                    request.headers());
        attributes = plain;
        authorize(plain, claims);
      }
    }
  }

  private void authorize(HttpAttributes request, @Nullable JwtClaims claims) {
    HttpAuthorizer.Decision decision = destination.http().decide(subject(request, claims));
    told.judged(decision);
    switch (decision.verdict()) {
      case Verdict.Denied denied -> client.reply(Reply.of(LocalReply.FORBIDDEN, denied.reason()));
      case Verdict.Allowed _ -> route(request);
    }
  }

  private void route(HttpAttributes request) {
    Optional<RouteEntry> taken = destination.routes().route(request);
    if (taken.isEmpty()) {
      client.reply(Reply.of(LocalReply.NO_ROUTE, Details.NO_ROUTE));
      return;
    }
    RouteEntry entry = taken.get();
    told.routeName = RouteNames.of(entry);
    told.pathPattern = entry.match().pathPattern();
    HttpHeaders refusal = setting.parts().limits().refuse(caller, entry.route(), request);
    if (refusal != null) {
      Reply reply = Reply.of(LocalReply.RATE_LIMITED, Details.RATE_LIMITED);
      reply.headers().add(refusal);
      client.reply(reply);
      return;
    }
    Fault fault = entry.fault();
    if (fault == null) {
      act(request, entry);
      return;
    }
    Fault.Suffered suffered = fault.draw(setting.parts().random());
    if (suffered.delay().isZero()) {
      afterDelay(request, entry, suffered);
    } else {
      Flags.add(told, "DI");
      delay.in(suffered.delay(), () -> afterDelay(request, entry, suffered));
    }
  }

  private void afterDelay(HttpAttributes request, RouteEntry entry, Fault.Suffered suffered) {
    if (suffered.status() == 0) {
      act(request, entry);
      return;
    }
    LocalReply fault = LocalReply.FAULT;
    client.reply(
        Reply.of(suffered.status(), fault.flag(), Details.FAULT, fault.body())
            .withGrpcStatus(suffered.grpcStatus()));
  }

  private void act(HttpAttributes request, RouteEntry entry) {
    CorsPolicy cors = entry.cors();
    if (cors != null) {
      switch (cors.decide(request)) {
        case CorsPolicy.Answer answer -> {
          Reply reply = Reply.of(200, "-", Details.CORS, "");
          answer.headers().forEach(reply::with);
          client.reply(reply);
          return;
        }
        case CorsPolicy.Continue onward -> onward.headers().forEach(client.everywhere()::set);
      }
    }
    switch (entry.action()) {
      case RouteAction.Redirect redirect -> {
        String location = redirect.location(request, entry, destination.port());
        Reply reply =
            Reply.of(redirect.to().status(), "-", Details.DIRECT, "").with("location", location);
        EditedHeaders.apply(List.of(redirect.response()), reply.headers(), "");
        client.reply(reply);
      }
      case RouteAction.Respond respond -> {
        Reply reply = Reply.of(respond.status(), "-", Details.DIRECT, respond.body());
        EditedHeaders.apply(List.of(respond.response()), reply.headers(), "");
        client.reply(reply);
      }
      case RouteAction.Forward forward -> forward(request, entry, forward);
    }
  }

  private void forward(HttpAttributes request, RouteEntry entry, RouteAction.Forward forward) {
    SessionPersistence rule = forward.session();
    Session session =
        rule == null ? null : Session.of(rule, entry, request, setting.parts().clock().instant());
    RouteAction.Share kept = session == null ? null : session.share(forward.shares());
    RouteAction.Share share = kept == null ? forward.choose(setting.parts().random()) : kept;
    if (share == null) {
      client.reply(Reply.of(LocalReply.NO_BACKEND, Details.DIRECT));
      return;
    }
    switch (share.backend()) {
      case RouteAction.Missing missing ->
          client.reply(Reply.of(missing.reply(), Details.of(missing.reply())));
      case RouteAction.Cluster named -> {
        boolean dynamic = setting.snapshot().isDynamic(named);
        Optional<Cluster> cluster =
            dynamic
                ? setting.snapshot().named(named, destination, head.authority())
                : setting.snapshot().cluster(named, destination);
        if (cluster.isEmpty()) {
          client.reply(
              dynamic
                  ? Reply.of(LocalReply.NO_ROUTE, Details.of(LocalReply.NO_ROUTE))
                  : RouteNames.unknownCluster(entry));
          return;
        }
        boolean upgrade = Upgrades.isAsked(head);
        send(
            new Errand(
                caller,
                told,
                new Outgoing(head, request, entry, forward, share, upgrade),
                cluster.get(),
                body,
                session));
      }
    }
  }

  private void send(Errand errand) {
    Upstreams upstreams = setting.parts().upstreams().apply(caller.loop());
    mirrors.begin(errand, upstreams);
    Forwarding begun =
        new Forwarding(
            errand,
            client,
            new Forwarding.Means(upstreams, setting.parts().recorder(), setting.parts().random()));
    forwarding = begun;
    begun.start();
  }

  Downstream client() {
    return client;
  }

  /** Too slow in some way: answered if that is still possible. */
  void giveUp(Reply reply) {
    if (forwarding != null) {
      forwarding.stop();
    }
    if (client.isAnswering()) {
      client.reset(reply.flag(), reply.details());
    } else {
      client.reply(reply);
    }
  }

  @Override
  public void onRequest() {
    if (forwarding != null) {
      forwarding.onRequest();
    } else if (onBody != null) {
      if (body.ended() || body.held() >= bodyWanted) {
        Runnable next = onBody;
        onBody = null;
        next.run();
      } else {
        client.read();
      }
    }
  }

  @Override
  public void onWritable() {
    if (forwarding != null) {
      forwarding.onClientWritable();
    }
  }

  @Override
  public void onGone() {
    if (forwarding != null) {
      forwarding.stop();
    }
  }

  private void ended() {
    delay.cancel();
    idle.stop();
    if (forwarding != null) {
      forwarding.stop();
    }
    mirrors.end(body.ended());
    told.endNanos = caller.loop().ticker().nanoTime();
    setting.parts().recorder().ended(told);
  }
}
