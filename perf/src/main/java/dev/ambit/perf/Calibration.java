package dev.ambit.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The calibration candidates; they live in the two pods outside the mesh. */
final class Calibration {
  static final String DIRECT = "direct";
  static final String RELAYS = "two relays";
  static final String HAPROXY = "haproxy pair";

  private Calibration() {}

  /** Client to server with nothing between. */
  static Candidate direct(TwoNodes nodes) {
    return new Between(DIRECT, nodes, List.of(), 0);
  }

  /** Two bare relays of 256 KiB, one in each pod, a pair for each server port. */
  static Candidate relays(TwoNodes nodes, Commands commands, Tools tools, int... ports) {
    List<Commands.Background> relays = new java.util.ArrayList<>();
    for (int port : ports) {
      String server = nodes.plainServer().address();
      relays.add(
          commands.start(
              TwoNodes.in(
                  nodes.plainServer().namespace(),
                  tools.command("relay", server + ":" + (port + 200), "127.0.0.1:" + port)),
              Map.of()));
      relays.add(
          commands.start(
              TwoNodes.in(
                  nodes.plainClient().namespace(),
                  tools.command("relay", "127.0.0.1:" + (port + 100), server + ":" + (port + 200))),
              Map.of()));
    }
    return new Between(RELAYS, nodes, relays, 100);
  }

  /**
   * haproxy in each pod, one thread each, with mutual TLS 1.3 (AES-128-GCM, no HTTP/2) between:
   * what a native tunnel of today costs on this machine.
   */
  static Candidate haproxy(TwoNodes nodes, Commands commands, Path work, int... ports) {
    Certificates.write(commands, work);
    StringBuilder near = new StringBuilder(haproxyHead());
    StringBuilder far = new StringBuilder(haproxyHead());
    String server = nodes.plainServer().address();
    String tls = "ssl crt " + work.resolve("pair.pem") + " ca-file " + work.resolve("ca.pem");
    for (int port : ports) {
      near.append(
          """
          listen p%d
            bind 127.0.0.1:%d backlog 4096
            server far %s:%d %s verify required
          """
              .formatted(port, port + 300, server, port + 400, tls));
      far.append(
          """
          listen p%d
            bind %s:%d backlog 4096 %s verify required
            server app 127.0.0.1:%d
          """
              .formatted(port, server, port + 400, tls, port));
    }
    List<Commands.Background> pair =
        List.of(
            haproxy(nodes.plainServer().namespace(), commands, work.resolve("far.cfg"), far),
            haproxy(nodes.plainClient().namespace(), commands, work.resolve("near.cfg"), near));
    return new Between(HAPROXY, nodes, pair, 300);
  }

  private static Commands.Background haproxy(
      String namespace, Commands commands, Path file, CharSequence configuration) {
    try {
      Files.writeString(file, configuration);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return commands.start(
        TwoNodes.in(namespace, List.of("haproxy", "-db", "-f", file.toString())), Map.of());
  }

  private static String haproxyHead() {
    return """
    global
      nbthread 1
      maxconn 9000
      ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets
      ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256
      ssl-default-server-options ssl-min-ver TLSv1.3 no-tls-tickets
      ssl-default-server-ciphersuites TLS_AES_128_GCM_SHA256
    defaults
      mode tcp
      timeout connect 10s
      timeout client 600s
      timeout server 600s
    """;
  }

  /** A candidate whose processes listen at the server's port number plus an offset. */
  private record Between(
      String name, TwoNodes nodes, List<Commands.Background> processes, int offset)
      implements Candidate {
    @Override
    public TwoNodes.Pod client() {
      return nodes.plainClient();
    }

    @Override
    public TwoNodes.Pod server() {
      return nodes.plainServer();
    }

    @Override
    public String dial(int port) {
      String host = processes.isEmpty() ? nodes.plainServer().address() : "127.0.0.1";
      return host + ":" + (port + offset);
    }

    @Override
    public List<Long> pids() {
      return processes.stream().map(Commands.Background::pid).toList();
    }

    @Override
    public void close() {
      processes.forEach(Commands.Background::close);
    }
  }
}
