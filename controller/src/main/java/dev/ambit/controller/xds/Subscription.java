package dev.ambit.controller.xds;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What one client wants of one type and what it must be told next (spec: workload-xds §3). Names
 * wait here, never states: whatever a slow client has missed, it is told the latest of each name.
 * Guarded by the lock of its {@link DeltaSession}.
 */
final class Subscription {
  /** Just under the 4 MiB that gRPC clients accept by default. */
  static final int MOST_BYTES = 4 * 1024 * 1024 - 64 * 1024;

  /** Names one client may ask for beside a wildcard. */
  static final int MOST_NAMES = 100_000;

  private static final int FRAME = 12;
  private static final String WILDCARD = "*";

  private final Scope scope;
  private final VersionedResources resources;
  private final String node;

  private boolean wildcard;
  private final Set<String> requested = new HashSet<>();
  private final Set<String> followed = new HashSet<>();

  private final TreeSet<String> pending = new TreeSet<>();
  private @Nullable String sweptTo;
  private Map<String, String> known = Map.of();
  private boolean answerDue;
  private long changedAt;

  Subscription(Scope scope, VersionedResources resources, String node) {
    this.scope = scope;
    this.resources = resources;
    this.node = node;
  }

  boolean wildcard() {
    return wildcard;
  }

  int names() {
    return requested.size();
  }

  int waiting() {
    return pending.size();
  }

  /** Whether changes are still to be sent. */
  boolean behind() {
    return sweptTo != null || !pending.isEmpty();
  }

  /** When the oldest change that is still to be sent came, by {@link System#nanoTime}. */
  long changedAt() {
    return changedAt;
  }

  /** The client's first request of this type. */
  void begin(DeltaRequest request) {
    boolean legacy = request.subscribe().isEmpty();
    wildcard =
        (legacy || request.subscribe().contains(WILDCARD))
            && !request.unsubscribe().contains(WILDCARD);
    answerDue = true;
    mark();
    Map<String, String> retained = request.initialVersions();
    retained.keySet().stream()
        .filter(name -> resources.find(scope, name).isEmpty())
        .forEach(pending::add);
    if (wildcard) {
      sweep(retained);
    } else {
      retained.forEach(this::resume);
      follow(resources.on(node), retained);
    }
    request.subscribe().forEach(this::demand);
    request.unsubscribe().forEach(this::drop);
  }

  /** A later request that adds or takes away names. */
  void change(DeltaRequest request) {
    if (!request.subscribe().isEmpty()) {
      answerDue = true;
      mark();
    }
    if (request.subscribe().contains(WILDCARD) && !wildcard) {
      wildcard = true;
      sweep(Map.of());
    }
    request.subscribe().forEach(this::demand);
    request.unsubscribe().forEach(this::drop);
  }

  private void sweep(Map<String, String> retained) {
    sweptTo = "";
    known = new HashMap<>(retained);
  }

  private void resume(String name, String version) {
    resources
        .find(scope, name)
        .ifPresent(now -> {
          followed.add(name);
          if (now.version().isEmpty() || !now.version().equals(version)) {
            pending.add(name);
          }
        });
  }

  private void follow(Iterable<String> names, Map<String, String> retained) {
    for (String name : names) {
      followed.add(name);
      if (!retained.containsKey(name)) {
        pending.add(name);
      }
    }
  }

  private void demand(String name) {
    if (name.equals(WILDCARD)) {
      return;
    }
    requested.add(name);
    Iterable<String> found = resources.resolve(scope, name);
    if (found.iterator().hasNext()) {
      follow(found, Map.of());
    } else {
      // Not a resource: the answer says so by naming it as removed.
      pending.add(name);
    }
  }

  private void drop(String name) {
    if (name.equals(WILDCARD)) {
      if (wildcard) {
        wildcard = false;
        sweptTo = null;
        known = Map.of();
      }
      return;
    }
    requested.remove(name);
    resources.resolve(scope, name).forEach(followed::remove);
  }

  /** A resource changed; notes its name if the client is concerned. */
  void changed(ResourceChange change) {
    EncodedResource either = change.either();
    if (!change.scope().equals(scope) || (!wildcard && !concerned(either))) {
      return;
    }
    mark();
    if (!wildcard && change.now() != null && followed.add(either.name())) {
      // A service that appears brings the endpoints that were there before it.
      follow(resources.resolve(scope, either.name()), Map.of());
    }
    pending.add(either.name());
  }

  private boolean concerned(EncodedResource resource) {
    Predicate<String> asked = requested::contains;
    return followed.contains(resource.name())
        || asked.test(resource.name())
        || resource.aliases().stream().anyMatch(asked)
        || resource.services().stream().anyMatch(followed::contains)
        || (!node.isEmpty() && resource.node().equals(node));
  }

  private void mark() {
    if (!behind()) {
      changedAt = System.nanoTime();
    }
  }

  /** The next response, at most {@link #MOST_BYTES} long; empty when there is nothing to say. */
  Optional<DeltaResponse> next(String nonce) {
    if (!answerDue && !behind()) {
      return Optional.empty();
    }
    answerDue = false;
    List<EncodedResource> changed = new ArrayList<>();
    List<String> removed = new ArrayList<>();
    int room = takePending(MOST_BYTES, changed, removed);
    if (room > 0) {
      takeSwept(room, changed);
    }
    return Optional.of(
        new DeltaResponse(
            scope.type().url(),
            Long.toString(resources.revision()),
            nonce,
            changed,
            !wildcard,
            removed));
  }

  private int takePending(int room, List<EncodedResource> changed, List<String> removed) {
    int left = room;
    while (!pending.isEmpty()) {
      String name = pending.first();
      Optional<EncodedResource> now = resources.find(scope, name);
      int cost = FRAME + now.map(each -> each.size(!wildcard)).orElse(name.length() * 3);
      if (cost > left && left < room) {
        return 0;
      }
      pending.pollFirst();
      left -= cost;
      now.ifPresentOrElse(
          changed::add,
          () -> {
            followed.remove(name);
            removed.add(name);
          });
    }
    return left;
  }

  private void takeSwept(int room, List<EncodedResource> changed) {
    String from = sweptTo;
    if (from == null) {
      return;
    }
    int left = room;
    for (EncodedResource each : resources.of(scope).tailMap(from, false).values()) {
      String retained = known.get(each.name());
      if (retained != null && !retained.isEmpty() && retained.equals(each.version())) {
        sweptTo = each.name();
        continue;
      }
      int cost = FRAME + each.size(!wildcard);
      if (cost > left && !changed.isEmpty()) {
        return;
      }
      left -= cost;
      sweptTo = each.name();
      pending.remove(each.name());
      changed.add(each);
    }
    sweptTo = null;
    known = Map.of();
  }
}
