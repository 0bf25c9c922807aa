package dev.ambit.daemon.manifest;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.ServiceEntry;
import dev.ambit.model.object.ServiceEntry.Endpoint;
import dev.ambit.model.object.ServiceEntry.Port;
import dev.ambit.model.object.ServiceEntry.Resolution;
import dev.ambit.model.object.WorkloadEntry;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads ServiceEntry and WorkloadEntry (spec: control-plane §9). */
final class ServiceEntryReader {
  private static final int MOST_HOSTS = 256;
  private static final int MOST_PORTS = 256;
  private static final int MOST_ENDPOINTS = 10_000;
  private static final Map<String, Resolution> RESOLUTIONS =
      Map.of(
          "NONE", Resolution.NONE,
          "STATIC", Resolution.STATIC,
          "DNS", Resolution.DNS,
          "DNS_ROUND_ROBIN", Resolution.DNS_ROUND_ROBIN,
          "DYNAMIC_DNS", Resolution.DYNAMIC_DNS);
  private static final Map<String, Boolean> EXTERNAL =
      Map.of("MESH_EXTERNAL", true, "MESH_INTERNAL", false);
  private static final List<String> PROTOCOLS =
      List.of(
          "GRPC",
          "GRPC-WEB",
          "HTTP",
          "HTTP2",
          "HTTPS",
          "MONGO",
          "MYSQL",
          "REDIS",
          "TCP",
          "TLS",
          "UDP");

  private ServiceEntryReader() {}

  static ServiceEntry read(Metadata metadata, FieldReader fields) {
    FieldReader spec =
        RouteFields.spec(
            fields,
            Set.of(
                "hosts",
                "addresses",
                "ports",
                "location",
                "resolution",
                "endpoints",
                "workloadSelector",
                "exportTo",
                "subjectAltNames"));
    List<Endpoint> endpoints = new ArrayList<>();
    for (FieldReader each : spec.mappings("endpoints", MOST_ENDPOINTS)) {
      endpoints.add(endpoint(each));
    }
    FieldReader selector = spec.mappingOrEmpty("workloadSelector");
    selector.strictly(Set.of("labels"));
    ServiceEntry entry =
        new ServiceEntry(
            metadata,
            hosts(spec),
            spec.texts("addresses", Forms.CIDR, Forms::cidr),
            assigned(fields.mappingOrEmpty("status")),
            ports(spec),
            spec.choice("location", EXTERNAL, true),
            spec.choice("resolution", RESOLUTIONS, Resolution.NONE),
            endpoints,
            selector.textMap("labels"),
            spec.texts("exportTo", "., ~, *, or the name of a namespace", text -> !text.isEmpty()),
            spec.texts("subjectAltNames"));
    check(entry, spec);
    return entry;
  }

  private static List<String> hosts(FieldReader spec) {
    List<String> hosts =
        spec.texts("hosts", "the name of a host, perhaps after *.", ServiceEntryReader::host);
    if (hosts.isEmpty()) {
      spec.problem("hosts", "nothing", "at least one name");
    } else if (hosts.size() > MOST_HOSTS) {
      spec.problem("hosts", hosts.size() + " entries", "at most " + MOST_HOSTS);
    }
    return hosts.stream().map(each -> each.toLowerCase(Locale.ROOT)).distinct().toList();
  }

  private static boolean host(String text) {
    String name = text.toLowerCase(Locale.ROOT);
    return Forms.name(name.startsWith("*.") ? name.substring(2) : name);
  }

  /** What must hold between fields; otherwise traffic would go where nobody means it to. */
  private static void check(ServiceEntry entry, FieldReader spec) {
    boolean wildcard = entry.hosts().stream().anyMatch(each -> each.startsWith("*."));
    boolean blocks = entry.addresses().stream().anyMatch(each -> each.contains("/"));
    if (!entry.endpoints().isEmpty() && !entry.selector().isEmpty()) {
      spec.problem("workloadSelector", "one beside endpoints", "one of the two");
    }
    switch (entry.resolution()) {
      case NONE, STATIC -> {
        if (entry.resolution() == Resolution.STATIC
            && entry.endpoints().stream().anyMatch(each -> Forms.ip(each.address()) == null)) {
          spec.problem("endpoints", "a name", "addresses, or resolution: DNS");
        }
      }
      case DNS, DNS_ROUND_ROBIN -> {
        if (wildcard && entry.endpoints().isEmpty() && entry.selector().isEmpty()) {
          spec.problem("hosts", "a wildcard", "names that can be resolved, or endpoints");
        }
        if (blocks) {
          spec.problem("addresses", "a block", "single addresses, as the resolution is DNS");
        }
      }
      case DYNAMIC_DNS -> {
        if (entry.hosts().stream().anyMatch(each -> !each.startsWith("*."))) {
          spec.problem("hosts", "a plain name", "wildcards, as the resolution is DYNAMIC_DNS");
        }
        if (!entry.external()) {
          spec.problem("location", "MESH_INTERNAL", "MESH_EXTERNAL with DYNAMIC_DNS");
        }
        if (!entry.endpoints().isEmpty() || !entry.selector().isEmpty()) {
          spec.problem("endpoints", "some", "none, as the resolution is DYNAMIC_DNS");
        }
      }
    }
  }

  private static Map<String, List<String>> assigned(FieldReader status) {
    Map<String, List<String>> assigned = new LinkedHashMap<>();
    for (FieldReader each : status.mappings("addresses")) {
      String value = each.required("value", Forms.IP, text -> Forms.ip(text) != null);
      assigned.computeIfAbsent(each.text("host", ""), _ -> new ArrayList<>()).add(value);
    }
    return assigned;
  }

  private static List<Port> ports(FieldReader spec) {
    List<Port> ports = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Set<Integer> numbers = new HashSet<>();
    for (FieldReader port : spec.mappings("ports", MOST_PORTS)) {
      port.strictly(Set.of("name", "number", "protocol", "targetPort"));
      Port read =
          new Port(
              port.required("name", "a name", text -> !text.isEmpty()),
              port.requiredPort("number"),
              port.formed(
                      "protocol",
                      "one of " + String.join(", ", PROTOCOLS),
                      text -> PROTOCOLS.contains(text.toUpperCase(Locale.ROOT)))
                  .toUpperCase(Locale.ROOT),
              port.port("targetPort", 0));
      if (!names.add(read.name())) {
        port.problem("name", "\"" + read.name() + "\" again", "each name once");
      }
      if (!numbers.add(read.number())) {
        port.problem("number", read.number() + " again", "each number once");
      }
      ports.add(read);
    }
    return ports;
  }

  static WorkloadEntry workload(Metadata metadata, FieldReader fields) {
    fields.only(PolicyReader.OBJECT);
    return new WorkloadEntry(metadata, endpoint(fields.mappingOrEmpty("spec")));
  }

  private static Endpoint endpoint(FieldReader fields) {
    fields.strictly(
        Set.of("address", "ports", "labels", "network", "locality", "weight", "serviceAccount"));
    String address =
        fields.formed(
            "address",
            Forms.IP + ", or a name",
            text -> Forms.ip(text) != null || Forms.name(text.toLowerCase(Locale.ROOT)));
    if (address.isEmpty() && !fields.has("network")) {
      fields.problem("address", "nothing", Forms.IP + ", or a name");
    }
    Map<String, Integer> ports = new LinkedHashMap<>();
    fields
        .mapping("ports")
        .ifPresent(all -> all.names().forEach(name -> ports.put(name, all.requiredPort(name))));
    return new Endpoint(
        address,
        ports,
        fields.textMap("labels"),
        fields.text("network", ""),
        fields.text("locality", ""),
        weight(fields),
        fields.formed("serviceAccount", Forms.NAME, Forms::name));
  }

  private static @Nullable Integer weight(FieldReader fields) {
    return fields.has("weight") ? (int) fields.whole("weight", 0, Integer.MAX_VALUE, 1) : null;
  }
}
