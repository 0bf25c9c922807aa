package dev.ambit.waypoint.auth;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.model.http.HttpSubject;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.ExtensionProvider.CheckedBody;
import dev.ambit.model.object.ExtensionProvider.GrpcAuthorization;
import dev.ambit.model.object.ExtensionProvider.HttpAuthorization;
import dev.ambit.waypoint.auth.Checking.Meaning;
import dev.ambit.waypoint.call.Outcall;
import dev.ambit.waypoint.call.Outcall.Answer;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import io.micrometer.core.instrument.Counter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks the mesh's ext_authz providers (spec: l7-authorization §2, §4), over gRPC or HTTP, without
 * ever waiting. Any loop.
 */
public final class ProviderAuthorizer implements ExternalAuthorizer {
  private static final Log LOG = Log.scope("ext_authz");
  private static final int FORBIDDEN = 403;
  private static final int TOO_LARGE = 413;

  private final Map<String, Counter> counters = new ConcurrentHashMap<>();
  private final Setting setting;
  private final Outcall outcall;
  private final Metrics metrics;

  /**
   * What it goes by.
   *
   * @param providers of the mesh as they are now
   * @param self the waypoint's own identity as a URI
   */
  public record Setting(
      Supplier<List<ExtensionProvider>> providers, Supplier<String> self, InstantSource clock) {}

  public ProviderAuthorizer(Setting setting, Outcall outcall, Metrics metrics) {
    this.setting = setting;
    this.outcall = outcall;
    this.metrics = metrics;
  }

  private static ExtensionProvider.@Nullable Checking checking(ExtensionProvider.Kind kind) {
    return kind instanceof GrpcAuthorization grpc
        ? grpc.checking()
        : kind instanceof HttpAuthorization http ? http.checking() : null;
  }

  private ExtensionProvider.@Nullable Kind named(String name) {
    for (ExtensionProvider each : setting.providers().get()) {
      if (each.name().equals(name)) {
        return each.kind();
      }
    }
    return null;
  }

  @Override
  public int bodyWanted(List<String> providers) {
    int wanted = 0;
    for (String name : providers) {
      ExtensionProvider.Kind kind = named(name);
      ExtensionProvider.Checking checking = kind == null ? null : checking(kind);
      CheckedBody body = checking == null ? null : checking.body();
      wanted = body == null ? wanted : Math.max(wanted, body.mostBytes() + 1);
    }
    return wanted;
  }

  @Override
  public Future<Checked> check(
      List<String> providers,
      HttpSubject subject,
      RequestHead head,
      @Nullable ByteBuf body,
      Caller caller) {
    byte[] bytes = body == null ? new byte[0] : ByteBufUtil.getBytes(body);
    Promise<Checked> promise = caller.loop().newPromise();
    new Round(providers, new Checking.Subject(subject, head, caller, bytes, false, ""), promise)
        .next();
    return promise;
  }

  @Override
  public Future<Checked> check(List<String> providers, HttpSubject subject, Caller caller) {
    Promise<Checked> promise = caller.loop().newPromise();
    new Round(
            providers, new Checking.Subject(subject, null, caller, new byte[0], false, ""), promise)
        .next();
    return promise;
  }

  /** One request's, or connection's, way through its providers. Confined to its loop. */
  private final class Round {
    private final Queue<String> left;
    private final Checking.Subject subject;
    private final Promise<Checked> promise;
    private final HttpHeaders set = new DefaultHttpHeaders();
    private final List<String> remove = new ArrayList<>();
    private final HttpHeaders onResponse = new DefaultHttpHeaders();

    Round(List<String> providers, Checking.Subject subject, Promise<Checked> promise) {
      this.left = new ArrayDeque<>(providers);
      this.subject = subject;
      this.promise = promise;
    }

    void next() {
      String name = left.poll();
      if (name == null) {
        promise.setSuccess(new Passed(set, remove, onResponse));
        return;
      }
      ExtensionProvider.Kind kind = named(name);
      ExtensionProvider.Checking checking = kind == null ? null : checking(kind);
      if (kind == null || checking == null) {
        refuse(name, "error", Checking.refused(FORBIDDEN, "no ext_authz provider " + name));
        return;
      }
      if (subject.head() == null && kind instanceof HttpAuthorization) {
        String why = "got ext_authz provider " + name + " over HTTP, expected gRPC for connections";
        refuse(name, "error", Checking.refused(FORBIDDEN, why));
        return;
      }
      Checking.Subject shown = shown(checking.body());
      if (shown == null) {
        refuse(name, "denied", Checking.refused(TOO_LARGE, "ext_authz body too large"));
        return;
      }
      ask(new Asked(name, kind, checking), shown);
    }

    /** Null when the body may not be cut, and would have to be. */
    private Checking.@Nullable Subject shown(@Nullable CheckedBody body) {
      byte[] whole = subject.body();
      int most = body == null ? 0 : body.mostBytes();
      boolean partial = whole.length > most;
      if (body != null && partial && !body.partial()) {
        return null;
      }
      byte[] part = partial ? Arrays.copyOf(whole, most) : whole;
      return new Checking.Subject(
          subject.subject(),
          subject.head(),
          subject.caller(),
          part,
          body != null && partial,
          setting.self().get());
    }

    private void ask(Asked asked, Checking.Subject shown) {
      Outcall.Question question;
      ExtensionProvider.Backend backend;
      switch (asked.kind()) {
        case GrpcAuthorization grpc -> {
          RequestHead head = shown.head();
          question =
              head == null
                  ? Checking.grpc(grpc, shown)
                  : Checking.grpc(grpc, shown, head, setting.clock().instant());
          backend = grpc.backend();
        }
        case HttpAuthorization http -> {
          question = Checking.http(http, shown, Objects.requireNonNull(shown.head()));
          backend = http.backend();
        }
        default -> throw new IllegalStateException("not a provider that decides: " + asked.name());
      }
      outcall
          .ask(
              backend,
              question,
              new Outcall.For(
                  subject.caller().source(), subject.caller().local(), subject.caller().loop()))
          .addListener((Future<Answer> done) -> answered(asked, done));
    }

    private void answered(Asked asked, Future<Answer> done) {
      Meaning meaning =
          done.isSuccess()
              ? meaning(asked, done.getNow())
              : Meaning.nothing(
                  done.cause() == null ? "" : String.valueOf(done.cause().getMessage()));
      switch (meaning.checked()) {
        case null -> {
          LOG.debug("no decision", "provider", asked.name(), "error", meaning.error());
          if (asked.checking().failOpen()) {
            count(asked.name(), "failure_mode_allowed");
            next();
          } else {
            String why = "ext_authz_error: " + asked.name() + ": " + meaning.error();
            refuse(asked.name(), "error", Checking.refused(asked.checking().statusOnError(), why));
          }
        }
        case Refused refused -> refuse(asked.name(), "denied", refused);
        case Passed passed -> {
          count(asked.name(), "ok");
          passed.set().names().forEach(name -> set.set(name, passed.set().getAll(name)));
          remove.addAll(passed.remove());
          onResponse.add(passed.onResponse());
          next();
        }
      }
    }

    private Meaning meaning(Asked asked, Answer answer) {
      return asked.kind() instanceof HttpAuthorization http
          ? Checking.ofHttp(http, answer)
          : Checking.ofGrpc(answer, subject.headers());
    }

    private void refuse(String name, String result, Refused refused) {
      count(name, result);
      promise.setSuccess(refused);
    }
  }

  private record Asked(
      String name, ExtensionProvider.Kind kind, ExtensionProvider.Checking checking) {}

  private void count(String provider, String result) {
    counters
        .computeIfAbsent(
            provider + "\n" + result,
            _ ->
                Counter.builder("ambit_waypoint_ext_authz")
                    .tag("provider", provider)
                    .tag("result", result)
                    .description("Decisions of ext_authz providers.")
                    .register(metrics.registry()))
        .increment();
  }
}
