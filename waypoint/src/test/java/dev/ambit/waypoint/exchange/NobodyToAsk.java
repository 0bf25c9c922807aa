package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.HttpSubject;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.waypoint.auth.ExternalAuthorizer;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A waypoint without providers and keys. */
public final class NobodyToAsk implements ExternalAuthorizer {
  public static final JwtAuthentication.Tokens TOKENS = new ScriptedTokens();

  @Override
  public Future<Checked> check(
      List<String> providers,
      HttpSubject subject,
      RequestHead head,
      @Nullable ByteBuf body,
      Caller caller) {
    return caller.loop().newFailedFuture(new IllegalStateException("nobody to ask"));
  }

  @Override
  public int bodyWanted(List<String> providers) {
    return 0;
  }
}
