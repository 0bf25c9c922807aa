package dev.ambit.waypoint.auth;

import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.HttpSubject;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Checked;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Passed;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Refused;
import dev.ambit.waypoint.auth.wire.CheckMessages;
import dev.ambit.waypoint.call.Outcall;
import dev.ambit.waypoint.call.Outcall.Answer;
import dev.ambit.waypoint.call.Unary;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What providers are asked, and what their answers mean (spec: l7-authorization §4). Pure. */
final class Checking {
  private static final int MOST_ANSWER = 64 * 1024;

  /** What Envoy sends back of a refusal besides the headers that are asked for. */
  private static final List<String> ALWAYS_BACK = List.of("location", "www-authenticate");

  private Checking() {}

  /**
   * The request, or connection, that is decided on.
   *
   * @param head null of a connection
   * @param body the part that is shown, empty when none is
   * @param partial whether there is more of it
   * @param self identity of the waypoint, "" when it has none yet
   */
  record Subject(
      HttpSubject subject,
      @Nullable RequestHead head,
      Caller caller,
      byte[] body,
      boolean partial,
      String self) {
    HttpHeaders headers() {
      return head == null ? EmptyHttpHeaders.INSTANCE : head.headers();
    }

    CheckMessages.Side source() {
      return new CheckMessages.Side(caller.source(), caller.peer().toString());
    }

    CheckMessages.Side destination() {
      return new CheckMessages.Side(caller.local(), self);
    }

    HttpAttributes attributes() {
      HttpAttributes request = subject.request();
      if (request == null) {
        throw new IllegalArgumentException("expected a request, got a connection");
      }
      return request;
    }
  }

  /** About a connection. */
  static Outcall.Question grpc(ExtensionProvider.GrpcAuthorization provider, Subject subject) {
    return grpc(provider, CheckMessages.request(subject.source(), subject.destination()));
  }

  private static Outcall.Question grpc(
      ExtensionProvider.GrpcAuthorization provider, byte[] message) {
    return Unary.question(
        provider.backend(),
        CheckMessages.PATH,
        new DefaultHttpHeaders(),
        message,
        provider.checking().timeout());
  }

  /** About a request. */
  static Outcall.Question grpc(
      ExtensionProvider.GrpcAuthorization provider,
      Subject subject,
      RequestHead head,
      Instant now) {
    ExtensionProvider.CheckedBody body = provider.checking().body();
    Map<String, String> headers = new HashMap<>();
    for (String name : head.headers().names()) {
      headers.put(name.toLowerCase(Locale.ROOT), String.join(",", head.headers().getAll(name)));
    }
    if (body != null) {
      headers.put("x-envoy-auth-partial-body", Boolean.toString(subject.partial()));
    }
    HttpAttributes request = subject.attributes();
    headers.put(":method", request.method());
    headers.put(":path", request.target());
    headers.put(":authority", request.authority());
    headers.put(":scheme", request.scheme());
    return grpc(
        provider,
        CheckMessages.request(
            new CheckMessages.Question(
                subject.source(),
                subject.destination(),
                now,
                headers,
                head.version().toString(),
                length(head),
                subject.body(),
                body != null && body.asBytes())));
  }

  private static long length(RequestHead head) {
    String length = head.headers().get("content-length");
    return length != null && length.matches("\\d{1,18}") ? Long.parseLong(length) : -1;
  }

  static Outcall.Question http(
      ExtensionProvider.HttpAuthorization provider, Subject subject, RequestHead head) {
    HttpAttributes request = subject.attributes();
    HttpHeaders shown = new DefaultHttpHeaders();
    for (Map.Entry<String, String> each : head.headers()) {
      String name = each.getKey().toLowerCase(Locale.ROOT);
      if (HeaderRules.mayBeSet(name)
          && (name.equals("authorization") || HeaderRules.holds(provider.sent(), name))) {
        shown.add(name, each.getValue());
      }
    }
    provider.added().forEach(shown::set);
    if (provider.checking().body() != null) {
      shown.set("x-envoy-auth-partial-body", Boolean.toString(subject.partial()));
    }
    shown.set("content-length", Integer.toString(subject.body().length));
    return new Outcall.Question(
        new RequestHead(
            request.method(),
            "http",
            request.authority(),
            provider.pathPrefix() + request.target(),
            shown,
            "",
            RequestHead.Version.HTTP_1_1),
        subject.body(),
        Cluster.Protocol.HTTP_1,
        provider.checking().timeout(),
        MOST_ANSWER);
  }

  /** What an answer means; {@code checked} null when it is none, for {@code error}. */
  record Meaning(@Nullable Checked checked, String error) {
    static Meaning nothing(String error) {
      return new Meaning(null, error);
    }
  }

  static Meaning ofGrpc(Answer answer, HttpHeaders request) {
    byte[] message;
    switch (Unary.result(answer)) {
      case Unary.Failed(_, String why) -> {
        return Meaning.nothing(why);
      }
      case Unary.Message(byte[] bytes) -> message = bytes;
    }
    try {
      return switch (CheckMessages.answer(message)) {
        case CheckMessages.Undecodable(String why) -> Meaning.nothing(why);
        case CheckMessages.Denied denied ->
            new Meaning(
                new Refused(
                    denied.status(),
                    HeaderRules.plain(denied.headers()),
                    denied.body(),
                    "ext_authz_denied"),
                "");
        case CheckMessages.Ok ok -> passed(ok, request);
      };
    } catch (IllegalArgumentException badHeader) {
      return Meaning.nothing(String.valueOf(badHeader.getMessage()));
    }
  }

  private static Meaning passed(CheckMessages.Ok ok, HttpHeaders request) {
    if (!ok.unsupported().isEmpty()) {
      return Meaning.nothing("got " + ok.unsupported() + ", expected headers only");
    }
    HttpHeaders set = new DefaultHttpHeaders();
    HeaderRules.lay(ok.request(), request, set);
    List<String> remove = new ArrayList<>();
    for (String name : ok.removed()) {
      String lower = name.toLowerCase(Locale.ROOT);
      if (HeaderRules.mayBeSet(lower)) {
        remove.add(lower);
      }
    }
    return new Meaning(new Passed(set, remove, HeaderRules.plain(ok.response())), "");
  }

  static Meaning ofHttp(ExtensionProvider.HttpAuthorization provider, Answer answer) {
    ExtensionProvider.Passing passing = provider.passing();
    if (answer.status() >= 500) {
      return Meaning.nothing("got status " + answer.status());
    } else if (answer.status() == 200) {
      return new Meaning(
          new Passed(
              HeaderRules.selected(answer.headers(), passing.upstreamOnAllow()),
              List.of(),
              HeaderRules.selected(answer.headers(), passing.downstreamOnAllow())),
          "");
    }
    HttpHeaders back =
        passing.downstreamOnDeny().isEmpty()
            ? HeaderRules.selected(answer.headers(), List.of("*"))
            : HeaderRules.selected(answer.headers(), passing.downstreamOnDeny());
    for (String name : ALWAYS_BACK) {
      if (answer.headers().contains(name)) {
        back.set(name, answer.headers().getAll(name));
      }
    }
    return new Meaning(new Refused(answer.status(), back, answer.body(), "ext_authz_denied"), "");
  }

  static Refused refused(int status, String why) {
    return new Refused(status, new DefaultHttpHeaders(), new byte[0], why);
  }
}
