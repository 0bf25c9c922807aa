package dev.ambit.waypoint.call;

import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.TrafficPolicy.ClientTls;
import dev.ambit.model.object.TrafficPolicy.TlsMode;
import dev.ambit.model.traffic.DestinationRules.Effective;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.upstream.Upstreams;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Whole requests with whole answers, over the connections that requests of clients use: tunnels to
 * who is in the mesh, else plain ones, or TLS as a DestinationRule says. Each runs on the loop it
 * is asked on; how many run at a time is bounded over all loops.
 */
public final class Outcall {
  private static final int MOST_UNDER_WAY = 4096;

  /** To applications that are called by {@code https}: verified by the roots of the system. */
  private static final ClientTls HTTPS =
      new ClientTls(TlsMode.SIMPLE, "", "", "", "", List.of(), "", false);

  private final Programming programming;
  private final Function<EventLoop, Upstreams> upstreams;
  private final AtomicInteger underWay = new AtomicInteger();

  public Outcall(Programming programming, Function<EventLoop, Upstreams> upstreams) {
    this.programming = programming;
    this.upstreams = upstreams;
  }

  /**
   * A request.
   *
   * @param head its scheme {@code https} asks for TLS whatever the rules are
   * @param body empty for none
   * @param timeout for the whole
   * @param mostAnswer bytes of the body of the answer
   */
  public record Question(
      RequestHead head, byte[] body, Cluster.Protocol protocol, Duration timeout, int mostAnswer) {}

  /** An answer; {@code trailers} may be empty. */
  public record Answer(int status, HttpHeaders headers, byte[] body, HttpHeaders trailers) {}

  /** There is none; the message says why. */
  public static final class NoAnswer extends RuntimeException {
    NoAnswer(String why) {
      super(why, null, false, false);
    }
  }

  /** In whose name a call is made: who it is told comes from where, and asked for what. */
  public record For(InetSocketAddress source, InetSocketAddress local, EventLoop loop) {}

  /** Asks {@code backend}. Fails with {@link NoAnswer} only. To be called on the loop. */
  public Future<Answer> ask(Backend backend, Question question, For whom) {
    Promise<Answer> promise = whom.loop().newPromise();
    Optional<Cluster> cluster = programming.current().backend(backend.service(), backend.port());
    if (cluster.isEmpty()) {
      return promise.setFailure(
          new NoAnswer(
              "got no service "
                  + backend.service()
                  + " with port "
                  + backend.port()
                  + ", expected one of the mesh"));
    }
    if (underWay.incrementAndGet() > MOST_UNDER_WAY) {
      underWay.decrementAndGet();
      return promise.setFailure(new NoAnswer("got more than " + MOST_UNDER_WAY + " calls at once"));
    }
    promise.addListener(_ -> underWay.decrementAndGet());
    Upstreams.Call call =
        new Upstreams.Call(
            whom.source(), whom.local(), null, question.head().version(), null, Set.of(), "");
    switch (upstreams.apply(whom.loop()).choose(speaking(question, cluster.get()), call)) {
      case Upstreams.Unable(_, String why) -> promise.setFailure(new NoAnswer(why));
      case Upstreams.Chosen chosen -> new Asking(chosen, question, promise).begin(whom.loop());
    }
    return promise;
  }

  /** Connections that differ from the port's own are kept apart from those. */
  private static Cluster speaking(Question question, Cluster cluster) {
    TrafficPolicy policy = cluster.policy().policy();
    boolean secured = question.head().scheme().equals("https") && !isSecured(policy.tls());
    if (cluster.protocol() == question.protocol() && !secured) {
      return cluster;
    }
    Cluster.Key own = cluster.key();
    String apart = own.subset() + "@" + question.protocol() + (secured ? "+TLS" : "");
    return new Cluster(
        new Cluster.Key(own.service(), own.uid(), own.port(), apart),
        question.protocol(),
        cluster.endpoints(),
        secured
            ? new Effective(policy.withTls(HTTPS), cluster.policy().labels())
            : cluster.policy(),
        cluster.trafficDistribution());
  }

  private static boolean isSecured(@Nullable ClientTls tls) {
    return tls != null && (tls.mode() == TlsMode.SIMPLE || tls.mode() == TlsMode.MUTUAL);
  }
}
