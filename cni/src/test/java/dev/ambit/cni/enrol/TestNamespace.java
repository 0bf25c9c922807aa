package dev.ambit.cni.enrol;

import dev.ambit.daemon.kernel.Netns;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;

/** A network namespace for one test, with loopback up; gone when closed. */
public final class TestNamespace implements AutoCloseable {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final String name;

  private TestNamespace(String name) {
    this.name = name;
  }

  /** Skips the test, loudly, where namespaces cannot be made. */
  public static void assumeRoot() {
    Assumptions.assumeTrue(
        Files.isWritable(Path.of("/proc/sys/net/ipv4/ip_forward"))
            && Files.isExecutable(Path.of("/usr/sbin/nft")),
        "SKIPPED: needs root, iproute2 and nftables to make network namespaces");
  }

  public static TestNamespace create() throws IOException {
    TestNamespace made =
        new TestNamespace("acni" + ProcessHandle.current().pid() + "." + NUMBER.incrementAndGet());
    made.remake();
    return made;
  }

  /** Makes it, or one of the same name after {@link #close}. */
  public void remake() throws IOException {
    run("ip", "netns", "add", name);
    in("ip", "link", "set", "lo", "up");
  }

  public Path file() {
    return Path.of("/run/netns", name);
  }

  public Netns open() {
    return Netns.open(file());
  }

  /** Runs a command inside and answers what it prints. */
  public String in(String... command) throws IOException {
    List<String> all = new ArrayList<>(List.of("nsenter", "--net=" + file()));
    all.addAll(List.of(command));
    return run(all.toArray(String[]::new));
  }

  /** Joins two namespaces by a veth pair named {@code eth0} in both. */
  public void link(TestNamespace other, String ours, String theirs) throws IOException {
    run(
        "ip",
        "link",
        "add",
        "eth0",
        "netns",
        name,
        "type",
        "veth",
        "peer",
        "name",
        "eth0",
        "netns",
        other.name);
    for (TestNamespace side : List.of(this, other)) {
      side.in("ip", "addr", "add", side == this ? ours : theirs, "dev", "eth0");
      side.in("ip", "link", "set", "eth0", "up");
    }
  }

  static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    int exit = process.onExit().join().exitValue();
    if (exit != 0) {
      throw new IOException(String.join(" ", command) + ": " + output);
    }
    return output;
  }

  @Override
  public void close() throws IOException {
    run("ip", "netns", "del", name);
  }
}
