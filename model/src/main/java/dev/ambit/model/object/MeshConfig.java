package dev.ambit.model.object;

import dev.ambit.model.object.VirtualService.Retries;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The mesh configuration: the key {@code mesh} of the ConfigMap {@code istio} in the root namespace
 * (spec: l7-authorization §2, l7-telemetry §2, http-routing §2). Readers look only at the one of
 * their root namespace.
 *
 * @param trustDomain "" when not said
 * @param trustDomainAliases other trust domains whose identities count as this mesh's
 * @param pathNormalization the name of a {@code PathNormalization}
 * @param providers by the names that policies and Telemetry objects use, in order
 * @param defaults which providers serve those who name none
 * @param retries of routes that say nothing of it; null for what is built in
 */
public record MeshConfig(
    Metadata metadata,
    String trustDomain,
    List<String> trustDomainAliases,
    String pathNormalization,
    List<ExtensionProvider> providers,
    Defaults defaults,
    AccessLog accessLog,
    Tracing tracing,
    @Nullable Retries retries)
    implements ClusterObject {
  /** The name of the ConfigMap. */
  public static final String NAME = "istio";

  public MeshConfig {
    trustDomainAliases = List.copyOf(trustDomainAliases);
    providers = List.copyOf(providers);
  }

  @Override
  public MeshConfig withMetadata(Metadata other) {
    return new MeshConfig(
        other,
        trustDomain,
        trustDomainAliases,
        pathNormalization,
        providers,
        defaults,
        accessLog,
        tracing,
        retries);
  }

  /** Names of providers by use; empty when not said. */
  public record Defaults(List<String> metrics, List<String> tracing, List<String> accessLogging) {
    public static final Defaults NONE = new Defaults(List.of(), List.of(), List.of());

    public Defaults {
      metrics = List.copyOf(metrics);
      tracing = List.copyOf(tracing);
      accessLogging = List.copyOf(accessLogging);
    }
  }

  /**
   * The log of requests that no Telemetry object asks for.
   *
   * @param file "" writes none, {@code /dev/stdout} to standard output
   * @param format "" is the usual one
   */
  public record AccessLog(String file, boolean json, String format) {
    public static final AccessLog NONE = new AccessLog("", false, "");
  }

  /**
   * What is traced where no Telemetry object says so.
   *
   * @param enabled {@code enableTracing}
   * @param sampling percent; negative when not said
   */
  public record Tracing(boolean enabled, double sampling) {
    public static final Tracing NONE = new Tracing(false, -1);
  }
}
