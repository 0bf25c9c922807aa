package dev.ambit.cli.up.story;

import dev.ambit.cli.up.capture.Capture;
import dev.ambit.cli.up.capture.Packet;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;

/** Traffic of several protocols over both families, and a capture of the link between the nodes. */
final class EncryptedOnTheWire implements Step {
  private static final String MARKER = "secret-2718281828";
  private static final int REQUESTS = 10;

  @Override
  public String name() {
    return "encrypted-on-the-wire";
  }

  @Override
  public String claim() {
    return "between captured pods the link carries only TLS 1.3 on port 15008, no plaintext";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Set<InetAddress> captured = stage.capturedAddresses();
    try (Capture link = stage.captureLink()) {
      int good = 0;
      for (int i = 0; i < REQUESTS; i++) {
        good += status(stage, "http://web.shop/" + MARKER);
        good += status(stage, "http://[" + stage.virtualIpv6("web") + "]/" + MARKER);
      }
      Unmet.unless(good == 2 * REQUESTS, "requests to the service", good, 2 * REQUESTS + " good");
      String set =
          stage.inPod(Stage.CLIENT, "redis-cli", "-h", "cache.shop", "set", MARKER, MARKER).out();
      Unmet.unless(set.strip().equals("OK"), "redis", set, "OK");
      try (Conversation echo = stage.talk(Stage.CLIENT, stage.ipv6(Stage.ECHO), Stage.ECHO_PORT)) {
        echo.hear();
        Unmet.unless(echo.ask(MARKER).equals(MARKER), "echo", "another line", MARKER);
      }
      List<Packet> packets = link.stop();
      List<Packet> tunnels = Wire.tunnels(packets, captured);
      List<Packet> clear = Wire.outsideTunnels(packets, captured);
      List<Packet> marked = Wire.carrying(packets, MARKER);
      boolean tls13 = Wire.choosesTls13(stage.enrolment) || Wire.choosesTls13(packets);
      figures.put("requests", 2 * REQUESTS);
      figures.put("packets_in_tunnels", tunnels.size());
      figures.put("bytes_in_tunnels", Wire.bytes(tunnels));
      figures.put("packets_outside_tunnels", clear.size());
      figures.put("packets_with_the_secret", marked.size());
      figures.put("tls", tls13 ? "1.3" : "not seen");
      Unmet.unless(!tunnels.isEmpty(), "port 15008", "no packet", "tunnels on the link");
      Unmet.unless(clear.isEmpty(), "outside tunnels", Wire.sample(clear), "nothing");
      Unmet.unless(marked.isEmpty(), "the secret", Wire.sample(marked), "nowhere on the link");
      Unmet.unless(tls13, "handshakes", "no ServerHello with TLS 1.3", "TLS 1.3");
    }
    Conversation lasting = stage.talk(Stage.CLIENT, stage.ipv4(Stage.ECHO), Stage.ECHO_PORT);
    stage.lasting = lasting;
    lasting.hear();
    lasting.ask("begin");
  }

  private static int status(Stage stage, String url) {
    return stage.get(Stage.CLIENT, url) == 200 ? 1 : 0;
  }
}
