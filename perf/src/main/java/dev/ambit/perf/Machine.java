package dev.ambit.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where and when: printed above every report, since no figure means anything without. */
record Machine(Map<String, String> facts) {
  static Machine here(Commands commands) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("date", Clock.systemUTC().instant().truncatedTo(ChronoUnit.SECONDS).toString());
    facts.put("commit", commit(commands));
    facts.put(
        "processor",
        read("/proc/cpuinfo")
            .lines()
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .findFirst()
            .orElse("unknown"));
    facts.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    facts.put("kernel", System.getProperty("os.version"));
    facts.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    facts.put("haproxy", commands.run("haproxy", "-v").lines().findFirst().orElse("").strip());
    facts.put("iperf3", commands.run("iperf3", "--version").lines().findFirst().orElse("").strip());
    facts.put("nginx", commands.run("sh", "-c", "nginx -v 2>&1").strip());
    facts.put("congestion control", read("/proc/sys/net/ipv4/tcp_congestion_control").strip());
    facts.put("load before", read("/proc/loadavg").strip());
    return new Machine(facts);
  }

  private static String commit(Commands commands) {
    try {
      return commands.run("git", "describe", "--always", "--dirty").strip();
    } catch (Commands.Failed | UncheckedIOException e) {
      return "not a checkout";
    }
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
