package dev.ambit.dataplane.xds;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.dataplane.controlplane.Backoff;
import dev.ambit.dataplane.controlplane.Pause;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.policy.PolicyKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one delta stream to the control plane, for ever: subscribes to everything, applies what
 * comes, answers, connects again. What was applied stays while the stream is down (spec:
 * workload-xds §2). Blocking; confined to the thread that {@link #run}s it.
 */
public final class DeltaStream {
  public static final String ADDRESS = "type.googleapis.com/istio.workload.Address";
  public static final String AUTHORIZATION = "type.googleapis.com/istio.security.Authorization";

  private static final Log LOG = Log.scope("xds");
  private static final Duration FIRST_DELAY = Duration.ofMillis(10);
  private static final Duration LAST_DELAY = Duration.ofSeconds(15);

  /**
   * Upstream waits up to 15 s for a server that is not there, too. A dial into nothing costs
   * nothing, and new pods wait for its success.
   */
  private static final Duration LAST_DIAL_DELAY = Duration.ofSeconds(2);

  private static final int MOST_NAMED_ERRORS = 50;

  /** Where streams are opened. */
  public interface ControlPlane {
    /** Dials and opens a stream; it need not be known yet whether the server is there. */
    Stream open();
  }

  /** One stream. Blocking, one thread. */
  public interface Stream extends AutoCloseable {
    void send(DeltaRequest request) throws InterruptedException;

    /** The next response; null when the server has ended the stream in good order. */
    @Nullable DeltaResponse receive() throws InterruptedException;

    @Override
    void close();
  }

  /** Takes the resources of one more type. On the stream's thread. */
  public interface Follower {
    /** A resource is new or differs; answers why it cannot be used, "" when it can. */
    String put(String name, byte[] value);

    void removed(String name);

    /** The response is complete. */
    void applied();
  }

  /** How a stream came to a bad end. */
  public enum Ending {
    /** The server could not be reached. */
    CONNECTION("ConnectionError"),
    /** The server refused, or failed. */
    ERROR("Error"),
    /** A routine end, such as the age limit of streams. */
    ROUTINE("Reconnect");

    private final String reason;

    Ending(String reason) {
      this.reason = reason;
    }
  }

  /** A stream is over. */
  public static final class Broken extends RuntimeException {
    private final Ending ending;

    public Broken(Ending ending, String message, @Nullable Throwable cause) {
      super(message, cause);
      this.ending = ending;
    }
  }

  private final ControlPlane plane;
  private final MeshStore store;
  private final StreamCounters counters;
  private final Readiness.Gate ready;
  private final Pause pause;

  private final Backoff backoff = new Backoff(FIRST_DELAY, LAST_DELAY);
  private final Backoff dialBackoff = new Backoff(FIRST_DELAY, LAST_DIAL_DELAY);
  private final List<String> types = new ArrayList<>(List.of(ADDRESS, AUTHORIZATION));
  private final Map<String, Follower> followers = new HashMap<>();
  private final Map<String, Map<String, String>> retained = new HashMap<>();
  private final Set<String> synced = new HashSet<>();
  private Runnable onSynced = () -> {};

  /**
   * @param ready opened, once and for all, when the first answer of every type was applied
   */
  public DeltaStream(
      ControlPlane plane, MeshStore store, Metrics metrics, Readiness.Gate ready, Pause pause) {
    this.plane = plane;
    this.store = store;
    this.counters = new StreamCounters(metrics);
    this.ready = ready;
    this.pause = pause;
    types.forEach(type -> retained.put(type, new HashMap<>()));
  }

  /** Subscribes to one more type. To be called before {@link #run}. */
  public void follow(String typeUrl, Follower follower) {
    types.add(typeUrl);
    followers.put(typeUrl, follower);
    retained.put(typeUrl, new HashMap<>());
  }

  /**
   * Calls {@code action}, on the stream's thread, whenever a stream has brought the state of every
   * type. To be set before {@link #run}.
   */
  public void onSynced(Runnable action) {
    onSynced = action;
  }

  /** Returns by interrupt only. */
  public void run() throws InterruptedException {
    while (true) {
      pause.sleep(attempt());
    }
  }

  /** One stream from its begin to its end; answers how long to wait before the next. */
  private Duration attempt() throws InterruptedException {
    synced.clear();
    try (Stream stream = plane.open()) {
      for (String type : types) {
        stream.send(DeltaRequest.subscribe(type, retained(type)));
      }
      DeltaResponse response = stream.receive();
      while (response != null) {
        handle(response, stream);
        response = stream.receive();
      }
      counters.terminated("Complete");
      succeeded();
      LOG.debug("stream complete");
      return backoff.next();
    } catch (Broken broken) {
      counters.terminated(broken.ending.reason);
      String reason = String.valueOf(broken.getMessage());
      return switch (broken.ending) {
        case ROUTINE -> {
          LOG.debug("stream ended", "reason", reason);
          succeeded();
          yield backoff.next();
        }
        case CONNECTION -> {
          LOG.warn("stream failed", "error", reason);
          yield dialBackoff.next();
        }
        case ERROR -> {
          LOG.warn("stream failed", "error", reason);
          yield backoff.next();
        }
      };
    }
  }

  private void succeeded() {
    backoff.reset();
    dialBackoff.reset();
  }

  private void handle(DeltaResponse response, Stream stream) throws InterruptedException {
    counters.received(response);
    if (!types.contains(response.typeUrl())) {
      stream.send(DeltaRequest.answer(response, ""));
      return;
    }
    Follower follower = followers.get(response.typeUrl());
    String error = follower == null ? apply(response) : hand(response, follower);
    if (!error.isEmpty()) {
      LOG.warn("resources rejected", "type", response.typeUrl(), "error", error);
    }
    stream.send(DeltaRequest.answer(response, error));
    if (synced.add(response.typeUrl()) && synced.containsAll(types)) {
      // Only a stream that brought everything counts as a success.
      succeeded();
      ready.open();
      onSynced.run();
    }
  }

  /** Applies the good part of {@code response} at once; answers what was wrong with the rest. */
  private String apply(DeltaResponse response) {
    Map<String, String> versions = retained(response.typeUrl());
    List<MeshChange> changes = new ArrayList<>();
    List<String> errors = new ArrayList<>();
    for (String name : response.removed()) {
      versions.remove(name);
      removal(response.typeUrl(), name).ifPresent(changes::add);
    }
    for (DeltaResponse.Resource resource : response.resources()) {
      switch (resource.content()) {
        case DeltaResponse.Accepted accepted -> {
          changes.add(accepted.change());
          versions.put(resource.name(), resource.version());
        }
        case DeltaResponse.Raw _ -> errors.add(resource.name() + ": of no type of the mesh");
        case DeltaResponse.Rejected rejected -> {
          errors.add(resource.name() + ": " + rejected.reason());
          // What stands in its place must be named after a reconnect, so that its removal is told.
          if (rejected.instead().isPresent()
              && !(rejected.yields() && versions.containsKey(resource.name()))) {
            changes.add(rejected.instead().get());
            versions.put(resource.name(), "");
          }
        }
      }
    }
    store.apply(changes);
    LOG.debug(
        "response applied",
        "type",
        response.typeUrl(),
        "resources",
        new Log.Plain(response.resources().size()),
        "removed",
        new Log.Plain(response.removed().size()));
    return sentence(errors);
  }

  /** The same for a type that somebody else understands. */
  private String hand(DeltaResponse response, Follower follower) {
    Map<String, String> versions = retained(response.typeUrl());
    List<String> errors = new ArrayList<>();
    for (String name : response.removed()) {
      versions.remove(name);
      follower.removed(name);
    }
    for (DeltaResponse.Resource resource : response.resources()) {
      String problem =
          switch (resource.content()) {
            case DeltaResponse.Raw(byte[] value) -> follower.put(resource.name(), value);
            case DeltaResponse.Rejected rejected -> {
              follower.put(resource.name(), new byte[0]);
              yield rejected.reason();
            }
            case DeltaResponse.Accepted _ -> "of a type of the mesh";
          };
      if (!problem.isEmpty()) {
        errors.add(resource.name() + ": " + problem);
      }
      // One that cannot be used is told again after a reconnect, and so is its removal.
      versions.put(resource.name(), problem.isEmpty() ? resource.version() : "");
    }
    follower.applied();
    return sentence(errors);
  }

  private static Optional<MeshChange> removal(String type, String name) {
    return type.equals(ADDRESS)
        ? Optional.of(new MeshChange.AddressRemoved(name))
        : PolicyKey.parse(name).map(MeshChange.PolicyRemoved::new);
  }

  private static String sentence(List<String> errors) {
    if (errors.size() <= MOST_NAMED_ERRORS) {
      return String.join("; ", errors);
    }
    return String.join("; ", errors.subList(0, MOST_NAMED_ERRORS))
        + "; and "
        + (errors.size() - MOST_NAMED_ERRORS)
        + " more";
  }

  private Map<String, String> retained(String type) {
    return retained.computeIfAbsent(type, unknown -> new HashMap<>());
  }
}
