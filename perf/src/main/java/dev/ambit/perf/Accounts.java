package dev.ambit.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the kernel says that processes used. */
final class Accounts {
  /** Ticks of {@code /proc/PID/stat} a second: 100 on every Linux that Java runs on. */
  private static final double TICKS = 100;

  private Accounts() {}

  /** User and system time of all threads, living and ended, in seconds. */
  static double cpuSeconds(List<Long> pids) {
    return pids.stream().mapToDouble(Accounts::cpuSeconds).sum();
  }

  /** Proportional set size in bytes. */
  static long memory(List<Long> pids) {
    return pids.stream().mapToLong(Accounts::memory).sum();
  }

  private static double cpuSeconds(long pid) {
    String stat = read("/proc/" + pid + "/stat");
    // The program's name may contain spaces: count from the bracket that ends it.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS;
  }

  private static long memory(long pid) {
    return read("/proc/" + pid + "/smaps_rollup")
        .lines()
        .filter(line -> line.startsWith("Pss:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
        .sum();
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException("a measured process has ended", e);
    }
  }
}
