package dev.ambit.model.workload;

/** The application of a workload is reached through its own port; 0 keeps the requested one. */
public record ApplicationTunnel(Protocol protocol, int port) {
  /** NONE sends the bytes raw, PROXY puts a PROXY v2 header in front. */
  public enum Protocol {
    NONE,
    PROXY
  }
}
