package dev.ambit.waypoint.auth;

import dev.ambit.model.http.HttpSubject;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks the providers of CUSTOM policies (spec: l7-authorization §2, §4). */
public interface ExternalAuthorizer {
  /**
   * Asks one provider after the other; the first that refuses decides. Never fails: a provider that
   * cannot be asked is a refusal, or a pass where its settings say so. Runs on the caller's loop.
   *
   * @param body what was buffered of it; null when the providers want none. Borrowed
   */
  Future<Checked> check(
      List<String> providers,
      HttpSubject subject,
      RequestHead head,
      @Nullable ByteBuf body,
      Caller caller);

  /**
   * The same about a connection, of which providers over gRPC see both ends; one over HTTP cannot
   * be asked, which is a refusal.
   */
  Future<Checked> check(List<String> providers, HttpSubject subject, Caller caller);

  /**
   * How many body bytes to buffer for {@link #check}; 0 for none. One more than the providers look
   * at, so that a longer body is seen to be longer.
   */
  int bodyWanted(List<String> providers);

  /** The answer. */
  sealed interface Checked {}

  /** It may pass; headers to set on the request and to add to the response. */
  record Passed(HttpHeaders set, List<String> remove, HttpHeaders onResponse) implements Checked {}

  /** It is answered with this. */
  record Refused(int status, HttpHeaders headers, byte[] body, String why) implements Checked {}
}
