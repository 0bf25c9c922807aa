package dev.ambit.waypoint.auth.call;

import dev.ambit.model.http.RouteAction;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.upstream.Upstreams;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * Whole requests to services of the mesh, with whole answers, over the connections that requests of
 * clients use: tunnels where there are some. Each runs on the loop it is asked on; how many run at
 * a time is bounded over all loops.
 */
public final class Outcall {
  private static final int MOST_UNDER_WAY = 4096;

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

  /**
   * Asks {@code backend}. Fails with {@link NoAnswer} only.
   *
   * @param caller in whose name; its loop is used
   */
  public Future<Answer> ask(Backend backend, Question question, Caller caller) {
    Promise<Answer> promise = caller.loop().newPromise();
    Snapshot snapshot = programming.current();
    Optional<Cluster> cluster =
        named(snapshot.mesh(), backend.service())
            .flatMap(key ->
                snapshot.cluster(
                    new RouteAction.Cluster(key, backend.port(), ""), caller.destination()));
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
        new Upstreams.Call(caller, null, question.head().version(), null, Set.of());
    switch (upstreams.apply(caller.loop()).choose(speaking(question, cluster.get()), call)) {
      case Upstreams.Unable(_, String why) -> promise.setFailure(new NoAnswer(why));
      case Upstreams.Chosen chosen -> new Asking(chosen, question, promise).begin(caller.loop());
    }
    return promise;
  }

  /** The service with a host name, or {@code namespace/host}. */
  static Optional<ServiceKey> named(MeshView mesh, String service) {
    Optional<ServiceKey> key = ServiceKey.parse(service);
    return key.isPresent() ? key : mesh.serviceNamed(service, "").map(Service::key);
  }

  /** Connections of another protocol than the port's own are kept apart from those. */
  private static Cluster speaking(Question question, Cluster cluster) {
    if (cluster.protocol() == question.protocol()) {
      return cluster;
    }
    Cluster.Key own = cluster.key();
    return new Cluster(
        new Cluster.Key(
            own.service(), own.uid(), own.port(), own.subset() + "@" + question.protocol()),
        question.protocol(),
        cluster.endpoints(),
        cluster.policy(),
        cluster.trafficDistribution());
  }
}
