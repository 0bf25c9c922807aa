package dev.ambit.perf;

import java.util.List;

/** One way from a client pod to a server pod: what a row measures, or calibrates with. */
interface Candidate extends AutoCloseable {
  /** As the table names it. */
  String name();

  TwoNodes.Pod client();

  TwoNodes.Pod server();

  /** What a client must dial so that {@code port} of the server pod answers. */
  String dial(int port);

  /** The processes between the two, whose CPU time and memory are charged. */
  List<Long> pids();

  /** Whether it runs on a JVM and must be warmed up first. */
  default boolean compiles() {
    return false;
  }

  @Override
  void close();
}
