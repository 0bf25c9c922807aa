package dev.ambit.cli.waypoint;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say which Gateway is meant and how it should be. */
final class GatewayOptions {
  /** Which traffic a waypoint takes. */
  enum Serves {
    SERVICE,
    WORKLOAD,
    ALL,
    NONE
  }

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAMESPACE",
      description = "Namespace of the waypoint. Default: ${DEFAULT-VALUE}.")
  private String namespace = "default";

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name of the waypoint. Default: ${DEFAULT-VALUE}.")
  private String name = "waypoint";

  @Option(
      names = "--for",
      paramLabel = "TRAFFIC",
      description = "Traffic it takes: service (when nothing is said), workload, all or none.")
  private @Nullable Serves serves;

  @Option(
      names = {"-r", "--revision"},
      paramLabel = "REVISION",
      description = "Revision of the control plane.")
  private String revision = "";

  @Option(
      names = "--class",
      paramLabel = "CLASS",
      description = "GatewayClass. Default: ${DEFAULT-VALUE}.")
  private String className = "ambit-waypoint";

  GatewayManifest manifest() {
    String traffic = serves == null ? "" : serves.name().toLowerCase(Locale.ROOT);
    return new GatewayManifest(namespace, name, className, traffic, revision);
  }
}
