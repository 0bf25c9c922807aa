package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.route.Authority;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.auth.ExternalAuthorizer;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.server.HttpService;
import dev.ambit.waypoint.telemetry.Recorder;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.upstream.Upstreams;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Serves requests: each one is an {@link Exchange} of its own. Any loop. */
public final class Exchanges implements HttpService {
  private final Parts parts;
  private final ExchangeSettings settings;

  /**
   * What an exchange works with.
   *
   * @param upstreams those of a loop
   * @param random for any thread
   */
  public record Parts(
      Programming programming,
      Function<EventLoop, Upstreams> upstreams,
      ExternalAuthorizer external,
      RateLimits limits,
      Recorder recorder,
      InstantSource clock,
      RandomGenerator random) {}

  /** The seam to local rate limits. */
  @FunctionalInterface
  public interface RateLimits {
    /** Never refuses. */
    RateLimits NONE = (caller, route, request) -> null;

    /**
     * Takes a token; null when there was one, else headers for the 429.
     *
     * @param route the object of the route that took it, {@code Kind namespace/name}
     */
    @Nullable HttpHeaders refuse(Caller caller, String route, HttpAttributes request);
  }

  public Exchanges(Parts parts, ExchangeSettings settings) {
    this.parts = parts;
    this.settings = settings;
  }

  @Override
  public void serve(Caller caller, RequestHead head, boolean ended, HttpStream stream) {
    Snapshot snapshot = parts.programming().current();
    Caller now = upToDate(caller, snapshot);
    ClientHeaders.clean(head, now, snapshot.tellsCallers() ? settings.ownIdentity() : "");
    Told told = new Told(now, head, head.target(), now.loop().ticker().nanoTime());
    new Exchange(new Exchange.Setting(parts, settings, snapshot), told, stream, ended).begin();
  }

  /**
   * A connection outlives snapshots; a request goes by the newest one. What is gone from it is
   * served as it was: the client's next connection will find out.
   */
  static Caller upToDate(Caller caller, Snapshot snapshot) {
    Destination old = caller.destination();
    Destination newest =
        snapshot
            .destination(new Authority.ByAddress(caller.local()))
            .filter(found -> isSame(found, old))
            .or(() -> named(old, snapshot))
            .orElse(old);
    return newest == old
        ? caller
        : new Caller(
            newest,
            caller.peer(),
            caller.source(),
            caller.local(),
            caller.traceparent(),
            caller.opened(),
            caller.loop());
  }

  /** A service without an address of its own is found by its name. */
  private static Optional<Destination> named(Destination old, Snapshot snapshot) {
    Service service = old.service();
    return service == null
        ? Optional.empty()
        : snapshot
            .destination(new Authority.ByHostname(service.hostname(), old.port()))
            .filter(found -> isSame(found, old));
  }

  private static boolean isSame(Destination one, Destination other) {
    if (one.port() != other.port()) {
      return false;
    }
    Service service = one.service();
    Workload workload = one.workload();
    return service != null
        ? other.service() != null && service.key().equals(other.service().key())
        : workload != null
            && other.workload() != null
            && workload.uid().equals(other.workload().uid());
  }

  @Override
  public void refused(Caller caller, int status, String detail) {
    RequestHead unread =
        new RequestHead(
            "-", "http", "", "-", new DefaultHttpHeaders(), "", RequestHead.Version.HTTP_1_1);
    Told told = new Told(caller, unread, "-", caller.loop().ticker().nanoTime());
    parts.recorder().begun(told);
    told.status = status;
    told.details = detail;
    Flags.add(told, "DPE");
    told.endNanos = caller.loop().ticker().nanoTime();
    parts.recorder().ended(told);
  }
}
