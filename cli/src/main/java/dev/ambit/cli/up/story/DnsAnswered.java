package dev.ambit.cli.up.story;

import dev.ambit.daemon.kernel.Netns;
import dev.ambit.model.workload.IpAddresses;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/** Names of the mesh, without a name server anywhere. */
final class DnsAnswered implements Step {
  /** An address that nobody has. */
  private static final String NAME_SERVER = "192.0.2.53";

  private static final int ADDRESS_TYPE = 28;
  private static final int ADDRESS_LENGTH = 16;
  private static final int PATIENCE_MILLIS = 10_000;

  @Override
  public String name() {
    return "dns-answered";
  }

  @Override
  public String claim() {
    return "a pod that asks any name server for a service is answered by its own node";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    String expected = stage.virtualIpv6("web");
    Path client = Path.of("/run/netns", stage.mesh().pod(Stage.CLIENT).network());
    int answered = 0;
    Instant start = Instant.now();
    try (Netns pod = Netns.open(client)) {
      for (String name : List.of("web", "web.shop", "web.shop.svc.cluster.local")) {
        String answer = pod.onOwnThread(() -> ask(name));
        Unmet.unless(answer.equals(expected), "address of " + name, answer, expected);
        answered++;
      }
    }
    figures.put("names_answered", answered);
    figures.millis("answers_ms", start, Instant.now());
  }

  /** The IPv6 address of {@code name}: the last record of the answer, for no more was asked for. */
  private static String ask(String name) throws IOException {
    ByteBuffer query = ByteBuffer.allocate(name.length() + 18);
    query.putShort((short) name.hashCode()).putShort((short) 0x0100).putShort((short) 1);
    query.position(12);
    for (String label : name.split("\\.")) {
      query.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
    }
    query.put((byte) 0).putShort((short) ADDRESS_TYPE).putShort((short) 1);
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      var server = new InetSocketAddress(InetAddress.ofLiteral(NAME_SERVER), 53);
      socket.send(new DatagramPacket(query.array(), query.position(), server));
      var packet = new DatagramPacket(new byte[512], 512);
      socket.receive(packet);
      byte[] reply = Arrays.copyOf(packet.getData(), packet.getLength());
      return ByteBuffer.wrap(reply).getShort(6) == 0
          ? "none"
          : IpAddresses.print(
              InetAddress.getByAddress(
                  Arrays.copyOfRange(reply, reply.length - ADDRESS_LENGTH, reply.length)));
    }
  }
}
