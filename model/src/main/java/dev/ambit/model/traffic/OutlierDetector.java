package dev.ambit.model.traffic;

import dev.ambit.model.object.TrafficPolicy.OutlierDetection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Leaves endpoints out that keep failing (spec: traffic-policy §5). A state machine without a clock
 * of its own: times are nanoseconds of one monotonic clock. Not for several threads.
 *
 * @param <H> names an endpoint
 */
public final class OutlierDetector<H> {
  private static final Duration LEAST_LONGEST = Duration.ofSeconds(300);

  private final OutlierDetection settings;
  private final Map<H, Host> hosts = new HashMap<>();
  private int ejected;

  public OutlierDetector(OutlierDetection settings) {
    this.settings = settings;
  }

  /** What an endpoint did. */
  public sealed interface Outcome {}

  /** It answered; for a connection that is not HTTP, 200 for one that was made. */
  public record Answered(int status) implements Outcome {}

  /** It could not be reached, or broke off, or was too slow. */
  public record LocalFailure() implements Outcome {}

  /** Takes the endpoints that there are now; what is known of those that stay is kept. */
  public void hosts(Collection<H> current) {
    hosts.keySet().retainAll(List.copyOf(current));
    current.forEach(host -> hosts.computeIfAbsent(host, _ -> new Host()));
    ejected = (int) hosts.values().stream().filter(host -> host.ejected).count();
  }

  public boolean isEjected(H host) {
    Host known = hosts.get(host);
    return known != null && known.ejected;
  }

  /** The earliest moment at which an ejected endpoint may come back; 0 when it is not ejected. */
  public long ejectedUntil(H host) {
    Host known = hosts.get(host);
    return known == null || !known.ejected
        ? 0
        : known.ejectedAt + ejectionTime(known.backoff).toNanos();
  }

  /** How many are left out. */
  public int ejected() {
    return ejected;
  }

  /** Counts an outcome; answers whether it got the endpoint ejected. */
  public boolean observe(H name, Outcome outcome, long now) {
    Host host = hosts.get(name);
    if (host == null) {
      return false;
    }
    boolean reached =
        switch (outcome) {
          case Answered(int status) -> host.answered(status, settings);
          case LocalFailure() ->
              settings.splitLocal()
                  ? host.failedLocally(settings)
                  // Seen by a client it would have been a 503.
                  : host.answered(503, settings);
        };
    if (!reached || host.ejected || !mayEject()) {
      return false;
    }
    host.eject(now);
    ejected++;
    return true;
  }

  private boolean mayEject() {
    return (ejected + 1) * 100L <= (long) hosts.size() * settings.maxEjectionPercent();
  }

  /** To be called every {@code interval}; answers who is back. */
  public List<H> sweep(long now) {
    List<H> back = new ArrayList<>();
    hosts.forEach((name, host) -> {
      if (!host.ejected) {
        host.backoff = Math.max(0, host.backoff - 1);
      } else if (now - host.ejectedAt >= ejectionTime(host.backoff).toNanos()) {
        host.uneject();
        ejected--;
        back.add(name);
      }
    });
    return back;
  }

  private Duration ejectionTime(int backoff) {
    Duration base = settings.baseEjectionTime();
    Duration longest = base.compareTo(LEAST_LONGEST) > 0 ? base : LEAST_LONGEST;
    Duration time = base.multipliedBy(Math.min(backoff, 1000));
    return time.compareTo(longest) > 0 ? longest : time;
  }

  /** Counters of one endpoint. */
  private static final class Host {
    private int serverErrors;
    private int gatewayErrors;
    private int localFailures;
    private int backoff;
    private boolean ejected;
    private long ejectedAt;

    /** Whether a threshold is reached; its counter then begins anew. */
    boolean answered(int status, OutlierDetection settings) {
      localFailures = 0;
      serverErrors = status >= 500 ? serverErrors + 1 : 0;
      gatewayErrors = status >= 502 && status <= 504 ? gatewayErrors + 1 : 0;
      boolean reached = false;
      if (settings.consecutive5xx() > 0 && serverErrors >= settings.consecutive5xx()) {
        serverErrors = 0;
        reached = true;
      }
      if (settings.consecutiveGatewayErrors() > 0
          && gatewayErrors >= settings.consecutiveGatewayErrors()) {
        gatewayErrors = 0;
        reached = true;
      }
      return reached;
    }

    boolean failedLocally(OutlierDetection settings) {
      localFailures++;
      if (settings.consecutiveLocalFailures() > 0
          && localFailures >= settings.consecutiveLocalFailures()) {
        localFailures = 0;
        return true;
      }
      return false;
    }

    void eject(long now) {
      ejected = true;
      ejectedAt = now;
      backoff++;
    }

    void uneject() {
      ejected = false;
      serverErrors = 0;
      gatewayErrors = 0;
      localFailures = 0;
    }
  }
}
