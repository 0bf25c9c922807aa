package dev.ambit.model.telemetry;

import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.Telemetry;
import dev.ambit.model.object.Telemetry.MetricOverride;
import dev.ambit.model.telemetry.EffectiveTelemetry.Logging;
import dev.ambit.model.telemetry.EffectiveTelemetry.Metric;
import dev.ambit.model.telemetry.EffectiveTelemetry.MetricRule;
import dev.ambit.model.telemetry.EffectiveTelemetry.Tracing;
import dev.ambit.model.waypoint.PolicyAttachment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which Telemetry objects hold for a service at a waypoint, and what comes of them together (spec:
 * l7-telemetry §2).
 */
public final class TelemetryRules {
  /** The log of mesh config's {@code accessLogFile}; no provider can have this name. */
  public static final String MESH_LOG = "";

  private static final List<String> USUAL_METRICS = List.of("prometheus");

  private static final Comparator<Telemetry> OLDEST_FIRST =
      Comparator.comparing((Telemetry each) -> each.metadata().created())
          .thenComparing(each -> each.metadata().name());

  private TelemetryRules() {}

  /**
   * Whose traffic.
   *
   * @param service null for workloads called by their address
   */
  public record Asked(
      PolicyAttachment.Place waypoint, PolicyAttachment.@Nullable Owner service, String root) {}

  /**
   * What holds where no Telemetry says anything.
   *
   * @param prometheus names of the providers that are scraped
   * @param metrics names of the providers of metrics
   * @param logs names of the providers of logs; {@link #MESH_LOG} where the mesh names a file
   * @param tracing names of the providers of traces
   */
  public record Defaults(
      Set<String> prometheus, List<String> metrics, List<String> logs, List<String> tracing) {
    /** Metrics only. */
    public static final Defaults USUAL =
        new Defaults(Set.of("prometheus"), List.of("prometheus"), List.of(), List.of());

    /** What the mesh configuration says. */
    public static Defaults of(MeshConfig mesh) {
      Set<String> prometheus = new HashSet<>(USUAL.prometheus());
      for (ExtensionProvider provider : mesh.providers()) {
        if (provider.kind() instanceof ExtensionProvider.Prometheus) {
          prometheus.add(provider.name());
        }
      }
      List<String> logs = mesh.defaults().accessLogging();
      if (logs.isEmpty() && !mesh.accessLog().file().isEmpty()) {
        logs = List.of(MESH_LOG);
      }
      return new Defaults(prometheus, mesh.defaults().metrics(), logs, mesh.defaults().tracing());
    }

    public Defaults {
      prometheus = Set.copyOf(prometheus);
      metrics = List.copyOf(metrics);
      logs = List.copyOf(logs);
      tracing = List.copyOf(tracing);
    }
  }

  /** Those that hold, the least specific first. */
  public static List<Telemetry> applicable(Collection<Telemetry> all, Asked asked) {
    Set<String> namespaces = new LinkedHashSet<>();
    namespaces.add(asked.root());
    namespaces.add(asked.waypoint().namespace());
    if (asked.service() != null) {
      namespaces.add(asked.service().namespace());
    }
    List<Telemetry> sorted = all.stream().sorted(OLDEST_FIRST).toList();
    List<Telemetry> applicable = new ArrayList<>();
    for (String namespace : namespaces) {
      sorted.stream()
          .filter(each -> each.metadata().namespace().equals(namespace))
          .filter(each -> each.targetRefs().isEmpty() && each.selector().isEmpty())
          .findFirst()
          .ifPresent(applicable::add);
    }
    List<Telemetry> ofService = new ArrayList<>();
    for (Telemetry each : sorted) {
      if (each.targetRefs().isEmpty()) {
        continue;
      }
      PolicyAttachment attachment =
          new PolicyAttachment(each.targetRefs(), each.metadata().namespace(), asked.root());
      if (attachment.holdsAt(asked.waypoint())) {
        applicable.add(each);
      } else if (asked.service() != null
          && attachment.holdsFor(asked.service(), asked.waypoint())) {
        ofService.add(each);
      }
    }
    applicable.addAll(ofService);
    return applicable;
  }

  /** What {@code telemetries}, the least specific first, come to. */
  public static EffectiveTelemetry merge(List<Telemetry> telemetries, Defaults defaults) {
    return new EffectiveTelemetry(
        metrics(telemetries, defaults),
        logs(telemetries, defaults),
        tracing(telemetries, defaults));
  }

  private static Map<Metric, MetricRule> metrics(List<Telemetry> telemetries, Defaults defaults) {
    Map<Metric, Collected> collected = new EnumMap<>(Metric.class);
    List<String> inherited = defaults.metrics().isEmpty() ? USUAL_METRICS : defaults.metrics();
    boolean scraped = inherited.stream().anyMatch(defaults.prometheus()::contains);
    for (Telemetry telemetry : telemetries) {
      for (Telemetry.Metrics each : telemetry.metrics()) {
        inherited = each.providers().isEmpty() ? inherited : each.providers();
        if (inherited.stream().noneMatch(defaults.prometheus()::contains)) {
          continue;
        }
        scraped = true;
        each.overrides().stream()
            .filter(override -> override.mode().ofServer())
            .forEach(override -> apply(override, collected));
      }
    }
    Map<Metric, MetricRule> rules = new EnumMap<>(Metric.class);
    if (!scraped) {
      MetricRule off = new MetricRule(true, Map.of(), Set.of());
      Arrays.stream(Metric.values()).forEach(metric -> rules.put(metric, off));
      return rules;
    }
    collected.forEach((metric, each) -> rules.put(metric, each.rule()));
    return rules;
  }

  private static void apply(MetricOverride override, Map<Metric, Collected> collected) {
    for (Metric metric : Metric.values()) {
      if (override.metric().equals("ALL_METRICS") || override.metric().equals(metric.name())) {
        collected.computeIfAbsent(metric, _ -> new Collected()).add(override);
      }
    }
  }

  /** What is collected of one metric. */
  private static final class Collected {
    private boolean disabled;
    private final Map<String, Expression> tags = new LinkedHashMap<>();
    private final Set<String> removed = new HashSet<>();

    void add(MetricOverride override) {
      if (override.disabled() != null) {
        disabled = override.disabled();
      }
      override
          .removed()
          .forEach(tag -> {
            tags.remove(tag);
            removed.add(tag);
          });
      override.tags().forEach(this::tag);
    }

    private void tag(String tag, String expression) {
      try {
        tags.put(tag, Expression.tag(expression));
        removed.remove(tag);
      } catch (IllegalArgumentException refusedByTheReader) {
        // Nobody gets here but with an object that was never read; the tag stays as it was.
      }
    }

    MetricRule rule() {
      return new MetricRule(disabled, tags, removed);
    }
  }

  private static List<Logging> logs(List<Telemetry> telemetries, Defaults defaults) {
    Map<String, Logging> logs = new LinkedHashMap<>();
    defaults.logs().forEach(name -> logs.put(name, new Logging(name, null)));
    List<String> inherited = defaults.logs();
    for (Telemetry telemetry : telemetries) {
      List<Telemetry.AccessLogging> ours =
          telemetry.accessLogging().stream().filter(each -> each.mode().ofServer()).toList();
      if (ours.stream().anyMatch(each -> !each.providers().isEmpty())) {
        logs.clear();
      }
      for (Telemetry.AccessLogging each : ours) {
        inherited = each.providers().isEmpty() ? inherited : each.providers();
        for (String provider : inherited) {
          if (Boolean.TRUE.equals(each.disabled())) {
            logs.remove(provider);
          } else {
            logs.put(provider, new Logging(provider, filter(each.filter())));
          }
        }
      }
    }
    return List.copyOf(logs.values());
  }

  private static @Nullable Expression filter(String text) {
    return text.isEmpty() ? null : Expression.filter(text);
  }

  private static Tracing tracing(List<Telemetry> telemetries, Defaults defaults) {
    Tracing merged = Tracing.NONE;
    String provider = defaults.tracing().isEmpty() ? "" : defaults.tracing().getFirst();
    for (Telemetry telemetry : telemetries) {
      for (Telemetry.Tracing each : telemetry.tracing()) {
        if (!each.mode().ofServer()) {
          continue;
        }
        provider = each.providers().isEmpty() ? provider : each.providers().getFirst();
        merged =
            new Tracing(
                provider,
                each.unreported() == null ? merged.reported() : !each.unreported(),
                each.sampling() == null ? merged.sampling() : each.sampling(),
                each.byRequestId() == null ? merged.byRequestId() : each.byRequestId(),
                each.istioTags() == null ? merged.istioTags() : each.istioTags(),
                each.customTags().isEmpty() ? merged.customTags() : each.customTags());
      }
    }
    return new Tracing(
        provider,
        merged.reported(),
        merged.sampling(),
        merged.byRequestId(),
        merged.istioTags(),
        merged.customTags());
  }
}
