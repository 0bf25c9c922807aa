package dev.ambit.cli.up.story;

import dev.ambit.cli.up.capture.Capture;
import dev.ambit.cli.up.capture.Packet;
import java.net.InetAddress;
import java.util.List;

/** Both ways between a captured pod and one that is not. */
final class PlaintextInterop implements Step {
  @Override
  public String name() {
    return "plaintext-interop";
  }

  @Override
  public String claim() {
    return "a pod outside the mesh reaches captured ones and is reached, in plain TCP";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    String outsider = stage.ipv4(Stage.OUTSIDER);
    try (Capture link = stage.captureLink()) {
      int in = stage.get(Stage.OUTSIDER, "http://" + stage.ipv4(Stage.WEB_A) + ":8080/plain-in");
      int in6 = stage.get(Stage.OUTSIDER, "http://[" + stage.ipv6(Stage.WEB_A) + "]:8080/plain-in");
      int out = stage.get(Stage.CLIENT, "http://" + outsider + ":8080/plain-out");
      Unmet.unless(in == 200 && in6 == 200, "outsider to web", in + " and " + in6, "200 twice");
      Unmet.unless(out == 200, "client to outsider", out, "200");
      InetAddress address = InetAddress.getByName(outsider);
      List<Packet> packets =
          link.stop().stream()
              .filter(p -> p.source().equals(address) || p.destination().equals(address))
              .toList();
      long inside = packets.stream().filter(p -> p.touchesPort(Stage.TUNNEL_PORT)).count();
      figures.put("requests", 3);
      figures.put("plain_packets", packets.size() - inside);
      figures.put("tunnel_packets", inside);
      Unmet.unless(inside == 0, "packets to 15008", inside, "none");
      Unmet.unless(
          !Wire.carrying(packets, "GET /plain-in").isEmpty()
              && !Wire.carrying(packets, "GET /plain-out").isEmpty(),
          "link",
          "no request in clear",
          "both requests in clear");
      Unmet.unless(
          stage.says("shop.web-a.nginx", outsider + " GET /plain-in"),
          "web-a's log",
          "no line with " + outsider,
          "the outsider's own address");
    }
  }
}
