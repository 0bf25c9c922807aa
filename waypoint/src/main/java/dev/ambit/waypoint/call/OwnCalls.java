package dev.ambit.waypoint.call;

import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.waypoint.call.Outcall.Answer;
import dev.ambit.waypoint.call.Outcall.Question;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Calls in the waypoint's own name, for threads that may wait: fetches of keys, exports. They wait
 * for the data path, too, which comes later than those who want to call. Thread-safe.
 */
public final class OwnCalls {
  /** What comes after the deadline of a call, which its loop keeps by itself. */
  private static final Duration SLACK = Duration.ofSeconds(5);

  private final CompletableFuture<Ways> ways = new CompletableFuture<>();
  private final InetSocketAddress self;

  private record Ways(Outcall outcall, List<EventLoop> loops) {}

  /**
   * @param self the address of the waypoint
   */
  public OwnCalls(InetAddress self) {
    this.self = new InetSocketAddress(self, 0);
  }

  /** From now on calls go out, each on one of {@code loops}. */
  public void open(Outcall outcall, List<EventLoop> loops) {
    ways.complete(new Ways(outcall, List.copyOf(loops)));
  }

  /**
   * Waits until calls go out.
   *
   * @throws IOException when that takes too long
   */
  public void awaitOpen(Duration most) throws IOException, InterruptedException {
    wait(ways, most, "the mesh is not known yet");
  }

  /**
   * Asks and waits.
   *
   * @throws IOException when there is no answer, with a sentence that says why
   */
  public Answer ask(Backend backend, Question question) throws IOException, InterruptedException {
    Ways open = wait(ways, question.timeout(), "the mesh is not known yet");
    EventLoop loop = open.loops().get(ThreadLocalRandom.current().nextInt(open.loops().size()));
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    try {
      loop.execute(() ->
          open.outcall()
              .ask(backend, question, new Outcall.For(self, self, loop))
              .addListener((Future<Answer> done) -> {
                if (done.isSuccess()) {
                  answer.complete(done.getNow());
                } else {
                  answer.completeExceptionally(done.cause());
                }
              }));
    } catch (RejectedExecutionException closed) {
      throw new IOException("the waypoint is closed", closed);
    }
    return wait(answer, question.timeout().plus(SLACK), "its loop does not answer");
  }

  private static <T> T wait(CompletableFuture<T> future, Duration most, String otherwise)
      throws IOException, InterruptedException {
    try {
      return future.get(most.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException slow) {
      throw new IOException(otherwise, slow);
    } catch (ExecutionException failed) {
      Throwable cause = failed.getCause() == null ? failed : failed.getCause();
      throw new IOException(String.valueOf(cause.getMessage()), failed);
    }
  }
}
