package dev.ambit.waypoint.auth;

import dev.ambit.model.http.HttpSubject;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks the providers of CUSTOM policies (spec: l7-authorization §6). */
public interface ExternalAuthorizer {
  /**
   * Asks one provider after the other; the first that refuses decides. Never fails: a provider that
   * cannot be asked is a refusal, or a pass where its settings say so.
   *
   * @param body what was buffered of it; null when the providers want none. Borrowed
   */
  Future<Checked> check(
      List<String> providers,
      HttpSubject subject,
      RequestHead head,
      @Nullable ByteBuf body,
      EventLoop loop);

  /** How many body bytes the providers want to see; 0 for none. */
  int bodyWanted(List<String> providers);

  /** The answer. */
  sealed interface Checked {}

  /** It may pass; headers to set on the request and on the response. */
  record Passed(HttpHeaders set, List<String> remove, HttpHeaders onResponse) implements Checked {}

  /** It is answered with this. */
  record Refused(int status, HttpHeaders headers, byte[] body, String why) implements Checked {}
}
