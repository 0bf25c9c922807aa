package dev.ambit.model.workload;

/** A port of a service. A target of 0 means that each endpoint names its own. */
public record ServicePort(int port, int targetPort, AppProtocol appProtocol) {
  /** What the port's owner says it speaks. */
  public enum AppProtocol {
    UNKNOWN,
    HTTP11,
    HTTP2,
    GRPC,
    TCP,
    TLS
  }
}
