package dev.ambit.model.object;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A {@code telemetry.istio.io Telemetry} (spec: l7-telemetry §2). A waypoint obeys one without
 * selector: of a namespace, or with targets.
 */
public record Telemetry(
    Metadata metadata,
    Map<String, String> selector,
    List<TargetReference> targetRefs,
    List<Metrics> metrics,
    List<AccessLogging> accessLogging,
    List<Tracing> tracing)
    implements ClusterObject {
  public Telemetry {
    selector = Map.copyOf(selector);
    targetRefs = List.copyOf(targetRefs);
    metrics = List.copyOf(metrics);
    accessLogging = List.copyOf(accessLogging);
    tracing = List.copyOf(tracing);
  }

  @Override
  public Telemetry withMetadata(Metadata other) {
    return new Telemetry(other, selector, targetRefs, metrics, accessLogging, tracing);
  }

  /** Which side of a proxy is meant; a waypoint is a server. */
  public enum Mode {
    CLIENT_AND_SERVER,
    CLIENT,
    SERVER;

    /** Whether a waypoint is meant. */
    public boolean ofServer() {
      return this != CLIENT;
    }
  }

  /**
   * @param providers empty for those of the level above
   */
  public record Metrics(List<String> providers, List<MetricOverride> overrides) {
    public Metrics {
      providers = List.copyOf(providers);
      overrides = List.copyOf(overrides);
    }
  }

  /**
   * @param metric as the API names it: {@code REQUEST_COUNT}, {@code ALL_METRICS}; or a custom name
   * @param disabled null when it says nothing about that
   * @param tags expressions by tag
   * @param removed tags that are taken away
   */
  public record MetricOverride(
      String metric,
      Mode mode,
      @Nullable Boolean disabled,
      Map<String, String> tags,
      Set<String> removed) {
    public MetricOverride {
      tags = Collections.unmodifiableMap(new LinkedHashMap<>(tags));
      removed = Set.copyOf(removed);
    }
  }

  /**
   * @param filter an expression, "" for every request
   */
  public record AccessLogging(
      Mode mode, List<String> providers, @Nullable Boolean disabled, String filter) {
    public AccessLogging {
      providers = List.copyOf(providers);
    }
  }

  /**
   * @param sampling in percent; null says nothing, as for the other fields
   */
  public record Tracing(
      Mode mode,
      List<String> providers,
      @Nullable Double sampling,
      @Nullable Boolean unreported,
      @Nullable Boolean byRequestId,
      @Nullable Boolean istioTags,
      Map<String, CustomTag> customTags) {
    public Tracing {
      providers = List.copyOf(providers);
      customTags = Collections.unmodifiableMap(new LinkedHashMap<>(customTags));
    }
  }

  /** Where the value of a tag comes from. */
  public sealed interface CustomTag {}

  /** Always the same. */
  public record Literal(String value) implements CustomTag {}

  /** A variable of the proxy's environment. */
  public record Environment(String name, String otherwise) implements CustomTag {}

  /** A request header, by its name in lower case. */
  public record RequestHeader(String name, String otherwise) implements CustomTag {}

  /** Text with the commands of access logs in it. */
  public record Formatted(String format) implements CustomTag {}
}
