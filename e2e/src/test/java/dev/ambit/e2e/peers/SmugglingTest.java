package dev.ambit.e2e.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.identity.SpiffeId;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same torn requests through a waypoint and through nginx, haproxy and Envoy. Two of these may
 * disagree on where a request ends or whom it is for: then ours must not have passed it on.
 */
@Tag("peers")
final class SmugglingTest {
  private static final SpiffeId CALLER = new SpiffeId("cluster.local", "demo", "caller");
  private static final SpiffeId WAYPOINT = new SpiffeId("cluster.local", "demo", "waypoint");
  private static final String OURS = "ours";
  private static final int QUIET_MILLIS = 250;

  @TempDir private Path work;

  /** A proxy and what came out at its far end. */
  private record Peer(String name, int port, Callable<List<String>> taken) {}

  /** What became of all cases. */
  private static final class Tally {
    private final List<String> wrong = new ArrayList<>();
    private int torn;
    private int disputed;
    private int passed;

    private void add(String name, Map<String, List<String>> readings) {
      Set<List<String>> others = new HashSet<>(readings.values());
      torn += conflict(readings) < Integer.MAX_VALUE ? 1 : 0;
      disputed += others.size() > 1 ? 1 : 0;
      passed += readings.getOrDefault(OURS, List.of()).isEmpty() ? 0 : 1;
      if (!isSafe(readings)) {
        wrong.add(name + " " + readings);
      }
    }
  }

  @DisplayName("SEC-071: what two proxies read differently is never forwarded")
  @Test
  void differential() throws Exception {
    int nginx = ForeignProgram.freePort();
    int haproxy = ForeignProgram.freePort();
    int envoy = ForeignProgram.freePort();
    Tally tally;
    try (RecordingBackend behindNginx = new RecordingBackend();
        RecordingBackend behindHaproxy = new RecordingBackend();
        RecordingBackend behindEnvoy = new RecordingBackend();
        ForeignProgram one = PlainProxies.nginx(work, nginx, behindNginx.port());
        ForeignProgram two = PlainProxies.haproxy(work, haproxy, behindHaproxy.port());
        ForeignProgram three = new Envoy(work).proxy(envoy, behindEnvoy.port());
        MeshCa ca = MeshCa.start(work.resolve("mesh"), CALLER, WAYPOINT);
        OurFront front = new OurFront(ca.certificate(WAYPOINT));
        OurTunnel tunnel = new OurTunnel(ca.certificate(CALLER))) {
      assertThat(List.of(one, two, three)).hasSize(3);
      int ours = tunnel.outbound(front.port(), WAYPOINT, "10.96.0.1:80");
      tally =
          tally(
              List.of(
                  new Peer("nginx", nginx, behindNginx::taken),
                  new Peer("haproxy", haproxy, behindHaproxy::taken),
                  new Peer("envoy", envoy, behindEnvoy::taken),
                  new Peer(OURS, ours, front::taken)));
    }
    assertThat(tally.wrong).isEmpty();
    assertThat(tally.torn).as("requests that two of the others read differently").isPositive();
    assertThat(tally.disputed).as("requests that not all take").isGreaterThan(80);
    assertThat(tally.passed).as("requests that ours takes").isGreaterThan(25);
  }

  private static Tally tally(List<Peer> peers) throws Exception {
    Tally tally = new Tally();
    for (Peer peer : peers) {
      warm(peer);
    }
    try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Map.Entry<String, String> crafted : SmugglingCorpus.cases()) {
        List<Callable<List<String>>> sending = new ArrayList<>();
        for (Peer peer : peers) {
          sending.add(() -> read(peer, crafted.getValue()));
        }
        List<Future<List<String>>> sent = each.invokeAll(sending);
        Map<String, List<String>> readings = new LinkedHashMap<>();
        for (int i = 0; i < peers.size(); i++) {
          String number = crafted.getKey().substring(0, 3);
          readings.put(peers.get(i).name(), ofCase(number, sent.get(i).get()));
        }
        tally.add(crafted.getKey(), readings);
      }
    }
    return tally;
  }

  /** Without what came late of an earlier case. */
  private static List<String> ofCase(String number, List<String> read) {
    return read.stream()
        .filter(each -> each.contains("/" + number + "/") || !each.matches(".*/\\d{3}/.*"))
        .toList();
  }

  /** Until connections are made as fast as they ever will be. */
  private static void warm(Peer peer) throws Exception {
    List<String> read = List.of();
    for (int i = 0; i < 40 && read.isEmpty(); i++) {
      read = read(peer, "GET /999/w HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    }
    assertThat(read).as(peer.name()).contains("GET /999/w @h <>");
  }

  /** Sends and waits until the proxy is silent or gone. */
  private static List<String> read(Peer peer, String bytes) throws Exception {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), peer.port()), 5_000);
      socket.setSoTimeout(QUIET_MILLIS);
      socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
      InputStream in = socket.getInputStream();
      byte[] chunk = new byte[4096];
      while (in.read(chunk) >= 0) {
        // What it answers is its own affair.
      }
    } catch (SocketTimeoutException quiet) {
      // It waits for more.
    } catch (IOException gone) {
      // It has had enough.
    }
    return peer.taken().call();
  }

  /** The first place at which two others that pass something on differ. */
  private static int conflict(Map<String, List<String>> readings) {
    int longest = readings.values().stream().mapToInt(List::size).max().orElse(0);
    for (int i = 0; i < longest; i++) {
      if (others(readings, i).size() > 1) {
        return i;
      }
    }
    return Integer.MAX_VALUE;
  }

  private static Set<String> others(Map<String, List<String>> readings, int place) {
    Set<String> others = new HashSet<>();
    readings.forEach((name, reading) -> {
      if (!name.equals(OURS) && reading.size() > place) {
        others.add(reading.get(place));
      }
    });
    return others;
  }

  /** Ours reads only what another reads, too, and what all who read it read alike. */
  private static boolean isSafe(Map<String, List<String>> readings) {
    List<String> ours = readings.getOrDefault(OURS, List.of());
    for (int i = 0; i < ours.size(); i++) {
      Set<String> others = others(readings, i);
      if (others.size() != 1 || !others.contains(ours.get(i))) {
        return false;
      }
    }
    return true;
  }
}
