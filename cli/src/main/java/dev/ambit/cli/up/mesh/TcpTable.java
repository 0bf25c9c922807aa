package dev.ambit.cli.up.mesh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The kernel's own list of TCP sockets of a namespace, {@code /proc/PID/net/tcp} and {@code tcp6}.
 */
final class TcpTable {
  private static final String LISTEN = "0A";
  private static final String ESTABLISHED = "01";

  private TcpTable() {}

  /** Ports somebody listens on, in the network namespace of a process. */
  static List<Integer> listening(long pid) {
    return rows(pid).stream().filter(row -> row.state.equals(LISTEN)).map(Row::localPort).toList();
  }

  /** How many established connections have this local port. */
  static long established(long pid, int localPort) {
    return rows(pid).stream()
        .filter(row -> row.state.equals(ESTABLISHED) && row.localPort == localPort)
        .count();
  }

  private static List<Row> rows(long pid) {
    var rows = new ArrayList<Row>();
    for (String table : List.of("tcp", "tcp6")) {
      try {
        Files.readAllLines(Path.of("/proc/" + pid + "/net/" + table)).stream()
            .skip(1)
            .map(TcpTable::row)
            .forEach(rows::add);
      } catch (IOException e) {
        // The process is gone, and its sockets with it.
      }
    }
    return rows;
  }

  /** {@code sl local_address rem_address st …}, addresses as hex with the port after the colon. */
  static Row row(String line) {
    String[] columns = line.strip().split("\\s+");
    String local = columns[1];
    return new Row(Integer.parseInt(local.substring(local.indexOf(':') + 1), 16), columns[3]);
  }

  record Row(int localPort, String state) {}
}
