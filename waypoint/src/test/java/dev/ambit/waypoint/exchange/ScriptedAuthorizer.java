package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.HttpSubject;
import dev.ambit.waypoint.auth.ExternalAuthorizer;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers when the test says so. */
final class ScriptedAuthorizer implements ExternalAuthorizer {
  private final EventLoop loop;
  final List<String> asked = new ArrayList<>();
  @Nullable Promise<Checked> answer;
  int wanted;

  ScriptedAuthorizer(EventLoop loop) {
    this.loop = loop;
  }

  @Override
  public Future<Checked> check(
      List<String> providers,
      HttpSubject subject,
      RequestHead head,
      @Nullable ByteBuf body,
      Caller caller) {
    asked.add(providers + (body == null ? "" : " " + body.toString(StandardCharsets.ISO_8859_1)));
    Promise<Checked> promise = loop.newPromise();
    answer = promise;
    return promise;
  }

  @Override
  public Future<Checked> check(List<String> providers, HttpSubject subject, Caller caller) {
    asked.add(providers + " a connection");
    Promise<Checked> promise = loop.newPromise();
    answer = promise;
    return promise;
  }

  @Override
  public int bodyWanted(List<String> providers) {
    return wanted;
  }

  void says(Checked checked) {
    if (answer == null) {
      throw new AssertionError("nobody asked");
    }
    answer.setSuccess(checked);
  }
}
