package dev.ambit.waypoint.config;

import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.waypoint.PolicyAttachment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Objects with targets of one kind, found by what they are attached to. Oldest first. */
final class Attached<T extends ClusterObject> {
  private static final Comparator<ClusterObject> OLDEST_FIRST =
      Comparator.comparing((ClusterObject each) -> each.metadata().created())
          .thenComparing(each -> each.metadata().namespace())
          .thenComparing(each -> each.metadata().name());

  private final Place place;
  private final Map<PolicyAttachment.Owner, List<Entry<T>>> ofServices = new HashMap<>();
  private final List<Entry<T>> wide = new ArrayList<>();

  private record Entry<T>(T object, PolicyAttachment attachment) {}

  Attached(Place place) {
    this.place = place;
  }

  void file(T object, List<TargetReference> targets) {
    String namespace = object.metadata().namespace();
    PolicyAttachment attachment =
        new PolicyAttachment(targets, namespace, place.mesh().rootNamespace());
    Entry<T> entry = new Entry<>(object, attachment);
    for (TargetReference target : targets) {
      switch (target.kind()) {
        case "Service", "ServiceEntry" ->
            ofServices
                .computeIfAbsent(
                    new PolicyAttachment.Owner(target.kind(), namespace, target.name()),
                    _ -> new ArrayList<>())
                .add(entry);
        default -> wide.add(entry);
      }
    }
  }

  /** Those that hold for {@code service}, or for traffic to workloads when it is null. */
  List<T> of(PolicyAttachment.@Nullable Owner service, PolicyAttachment.Place waypoint) {
    List<Entry<T>> candidates = new ArrayList<>(wide);
    if (service != null) {
      for (Entry<T> each : ofServices.getOrDefault(service, List.of())) {
        if (candidates.stream().noneMatch(other -> other == each)) {
          candidates.add(each);
        }
      }
    }
    return candidates.stream()
        .filter(each ->
            service == null
                ? each.attachment().holdsAt(waypoint)
                : each.attachment().holdsFor(service, waypoint))
        .map(Entry::object)
        .sorted(OLDEST_FIRST)
        .toList();
  }
}
