package dev.ambit.perf;

import java.util.List;

/**
 * One way of a request from a client pod to the HTTP server.
 *
 * @param pids the process in the middle, which is charged: the waypoint, the plain proxy, or both
 *     ztunnels where there is nothing else
 * @param all every process the request passes, the server too: what is pinned together
 * @param compiles whether the process in the middle runs on a JVM
 */
record HttpPath(
    String name,
    TwoNodes.Pod client,
    TwoNodes.Pod server,
    Urls urls,
    List<Long> pids,
    List<Long> all,
    boolean compiles)
    implements Candidate {
  /** Where the service is called, without a path: over HTTP/1.1, and HTTP/2 without TLS. */
  record Urls(String h1, String h2) {}

  @Override
  public String dial(int port) {
    return server.address() + ":" + port;
  }

  /** The processes belong to the site. */
  @Override
  public void close() {}
}
