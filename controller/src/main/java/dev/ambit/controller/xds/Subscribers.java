package dev.ambit.controller.xds;

import dev.ambit.model.mesh.MeshChange;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * The clients of the mesh. The one writer publishes changes here; each concerned client is told on
 * a thread of {@code executor}, so that none waits for another.
 */
public final class Subscribers {
  /** Streams in all, and from one node: a node has one client, two while it is replaced. */
  private static final int MOST_SESSIONS = 20_000;

  private static final int MOST_PER_NODE = 16;

  private final VersionedResources resources;
  private final DeltaSession.Server server;
  private final Executor executor;
  private final Set<DeltaSession> sessions = ConcurrentHashMap.newKeySet();
  private final Map<String, Integer> perNode = new HashMap<>();

  public Subscribers(
      VersionedResources resources,
      XdsEvents events,
      Executor executor,
      DeltaSession.Waypoints waypoints) {
    this.resources = resources;
    this.server = new DeltaSession.Server(resources, events, waypoints);
    this.executor = executor;
  }

  /** For clients of which none is a waypoint. */
  public Subscribers(VersionedResources resources, XdsEvents events, Executor executor) {
    this(resources, events, executor, (_, _) -> Optional.empty());
  }

  /** Begins a session; empty when there are too many of that node, or at all. */
  public Optional<DeltaSession> open(DeltaSession.Client client, Consumer<DeltaResponse> out) {
    DeltaSession session = new DeltaSession(server, client, out, this::forget);
    synchronized (perNode) {
      int open = perNode.getOrDefault(client.account(), 0);
      if (open >= MOST_PER_NODE || sessions.size() >= MOST_SESSIONS) {
        return Optional.empty();
      }
      perNode.put(client.account(), open + 1);
      sessions.add(session);
    }
    return Optional.of(session);
  }

  private void forget(DeltaSession session) {
    synchronized (perNode) {
      if (sessions.remove(session)) {
        perNode.computeIfPresent(
            session.client().account(), (_, open) -> open == 1 ? null : open - 1);
      }
    }
  }

  /**
   * Makes {@code changes} current and tells every client they concern; answers how many resources
   * really differ. The writer's only.
   */
  public int publish(List<MeshChange> changes) {
    return tell(resources.apply(changes));
  }

  /** The same for a whole new state: what {@code everything} does not name is gone. */
  public int replace(List<MeshChange> everything) {
    return tell(resources.replace(everything));
  }

  /**
   * Makes {@code everything} the objects of all waypoints, as JSON by name, and tells those whose
   * have changed; answers how many really differ. The writer's only.
   */
  public int objects(Map<String, Map<String, String>> everything) {
    return tell(resources.objects(everything));
  }

  private int tell(List<ResourceChange> applied) {
    if (!applied.isEmpty()) {
      for (DeltaSession session : sessions) {
        if (session.changed(applied)) {
          executor.execute(session::push);
        }
      }
    }
    return applied.size();
  }

  public int count() {
    return sessions.size();
  }

  /** What is known of each client, by node. */
  public List<DeltaSession.State> states() {
    return sessions.stream()
        .map(DeltaSession::state)
        .sorted((left, right) -> left.client().node().compareTo(right.client().node()))
        .toList();
  }
}
