package dev.ambit.model.route;

/** Where the proxy itself listens in a pod: never a destination, or it would loop (hbone §1). */
final class OwnPorts {
  static final int TUNNEL = 15008;
  private static final int PASSTHROUGH = 15006;
  private static final int OUTBOUND = 15001;

  private OwnPorts() {}

  static boolean contain(int port) {
    return port == TUNNEL || port == PASSTHROUGH || port == OUTBOUND;
  }
}
