package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.relay.Leg;
import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RetryPolicy;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.upstream.Upstreams;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;

/** Endpoints that take what they are given, unless the test says otherwise for the next try. */
final class ScriptedUpstreams implements Upstreams {
  private final EventLoop loop;
  final List<Picked> tries = new ArrayList<>();
  final List<Set<String>> tried = new ArrayList<>();
  final List<String> clusters = new ArrayList<>();
  final Queue<Next> script = new ArrayDeque<>();
  int retriesUnderWay;
  int mostRetries = Integer.MAX_VALUE;
  Leg far = new ScriptedLeg();

  /** What happens to a try. */
  enum Next {
    TAKES,
    WAITS,
    REFUSES_CONNECTION,
    IS_MISSING,
    IS_FULL
  }

  ScriptedUpstreams(EventLoop loop) {
    this.loop = loop;
  }

  Picked last() {
    return tries.getLast();
  }

  @Override
  public Choice choose(Cluster cluster, Call call) {
    clusters.add(cluster.key().service() == null ? "" : cluster.key().service().hostname());
    tried.add(Set.copyOf(call.tried()));
    Next what = script.isEmpty() ? Next.TAKES : script.remove();
    return switch (what) {
      case IS_MISSING -> new Unable(LocalReply.NO_HEALTHY_ENDPOINT, "");
      case IS_FULL -> new Unable(LocalReply.OVERFLOW, "");
      case TAKES, WAITS, REFUSES_CONNECTION -> {
        Cluster.Endpoint next =
            cluster.endpoints().stream()
                .filter(each -> each.workload().uid().equals(call.preferred()))
                .findFirst()
                .orElse(cluster.endpoints().get(tries.size() % 2));
        Picked picked = new Picked(what, next);
        tries.add(picked);
        yield picked;
      }
    };
  }

  @Override
  public boolean retrying(Cluster cluster) {
    if (retriesUnderWay >= mostRetries) {
      return false;
    }
    retriesUnderWay++;
    return true;
  }

  @Override
  public void retried(Cluster cluster) {
    retriesUnderWay--;
  }

  /** One chosen endpoint. */
  final class Picked implements Chosen {
    private final Next what;
    private final Cluster.Endpoint endpoint;
    final Promise<HttpStream> opening = loop.newPromise();
    final ScriptedStream stream = new ScriptedStream(loop);
    final List<String> told = new ArrayList<>();
    String cookie = "";
    boolean over;

    private Picked(Next what, Cluster.Endpoint endpoint) {
      this.what = what;
      this.endpoint = endpoint;
    }

    @Override
    public Cluster.Endpoint endpoint() {
      return endpoint;
    }

    @Override
    public String setCookie() {
      return cookie;
    }

    RequestHead head() {
      if (stream.request == null) {
        throw new AssertionError("no request was sent");
      }
      return stream.request;
    }

    String header(String name) {
      return String.join(" | ", head().headers().getAll(name));
    }

    @Override
    public Future<HttpStream> http(RequestHead head) {
      switch (what) {
        case TAKES -> opening.setSuccess(stream);
        case REFUSES_CONNECTION ->
            opening.setFailure(
                new Unreachable(
                    LocalReply.CONNECT_FAILURE,
                    new RetryPolicy.ConnectFailure(),
                    "connection refused"));
        case WAITS, IS_MISSING, IS_FULL -> {
          // The test completes it.
        }
      }
      return opening;
    }

    @Override
    public Future<Leg> bytes() {
      return what == Next.REFUSES_CONNECTION
          ? loop.newFailedFuture(
              new Unreachable(
                  LocalReply.CONNECT_FAILURE, new RetryPolicy.ConnectFailure(), "refused"))
          : loop.newSucceededFuture(far);
    }

    @Override
    public void answered(int status) {
      told.add("answered " + status);
    }

    @Override
    public void failed() {
      told.add("failed");
    }

    @Override
    public void over() {
      assertThat(over).as("over once").isFalse();
      over = true;
    }
  }
}
