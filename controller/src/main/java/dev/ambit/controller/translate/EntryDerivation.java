package dev.ambit.controller.translate;

import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.object.WorkloadEntry;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the ServiceEntries and WorkloadEntries of one namespace became. They are few: each change of
 * them goes over all. Confined to the thread of its {@link Derivation}.
 */
final class EntryDerivation {
  private final EntryTranslator translator;
  private final Map<ServiceKey, Service> services =
      new TreeMap<>(Comparator.comparing(ServiceKey::toString));
  private final Map<String, Workload> workloads = new TreeMap<>();
  private List<EntryPlan.Planned> planned = List.of();
  private List<Condition> conditions = List.of();

  EntryDerivation(MeshSettings mesh) {
    this.translator = new EntryTranslator(mesh);
  }

  Collection<Service> services() {
    return services.values();
  }

  List<Condition> conditions() {
    return conditions;
  }

  /** Selectors of pods that {@code next} may make something else of; none when nothing changed. */
  List<Map<String, String>> touched(List<EntryPlan.Planned> next) {
    List<Map<String, String>> selectors = new ArrayList<>();
    if (!next.equals(planned)) {
      planned.forEach(each -> selectors.add(each.entry().selector()));
      next.forEach(each -> selectors.add(each.entry().selector()));
      selectors.removeIf(Map::isEmpty);
    }
    return selectors;
  }

  /** Whether there is anything to derive, or was. */
  boolean concerns(List<EntryPlan.Planned> next, NamespaceObjects now) {
    return !next.isEmpty()
        || !planned.isEmpty()
        || !workloads.isEmpty()
        || !now.all(WorkloadEntry.class).isEmpty();
  }

  void derive(
      List<EntryPlan.Planned> next,
      WorkloadTranslator.Surroundings around,
      Derivation.Changes changes) {
    planned = next;
    List<Condition> said = new ArrayList<>();
    Map<ServiceKey, Service> nextServices = new LinkedHashMap<>();
    for (EntryPlan.Planned each : next) {
      translator
          .service(each, around.objects(), around.wide(), said::add)
          .ifPresent(service -> nextServices.put(service.key(), service));
    }
    Map<String, Workload> nextWorkloads = translator.workloads(next, around, said::add);
    // Of an entry with many hosts everything is said once.
    conditions = said.stream().distinct().toList();
    for (ServiceKey gone : gone(services, nextServices)) {
      services.remove(gone);
      changes.put(new MeshChange.AddressRemoved(gone.toString()));
    }
    nextServices.forEach((key, service) -> {
      if (!service.equals(services.put(key, service))) {
        changes.put(new MeshChange.ServicePut(service));
      }
    });
    for (String gone : gone(workloads, nextWorkloads)) {
      workloads.remove(gone);
      changes.put(new MeshChange.AddressRemoved(gone));
    }
    nextWorkloads.forEach((uid, workload) -> {
      if (!workload.equals(workloads.put(uid, workload))) {
        changes.put(new MeshChange.WorkloadPut(workload));
      }
    });
  }

  private static <K> List<K> gone(Map<K, ?> before, Map<K, ?> next) {
    return before.keySet().stream().filter(each -> !next.containsKey(each)).toList();
  }
}
