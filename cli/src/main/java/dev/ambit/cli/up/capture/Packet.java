package dev.ambit.cli.up.capture;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * One TCP segment on a link.
 *
 * @param payload what TCP carries, without any header
 */
public record Packet(
    Instant at,
    InetAddress source,
    int sourcePort,
    InetAddress destination,
    int destinationPort,
    byte[] payload) {

  public boolean carries(String text) {
    // Latin-1 keeps every byte a character, so a substring search is a byte search.
    return new String(payload, StandardCharsets.ISO_8859_1).contains(text);
  }

  public boolean touchesPort(int port) {
    return sourcePort == port || destinationPort == port;
  }

  /** Whether the payload begins with a TLS record: a known type and a version 3.x. */
  public boolean looksLikeTls() {
    return payload.length >= 5
        && payload[0] >= 20
        && payload[0] <= 23
        && payload[1] == 3
        && payload[2] <= 4;
  }

  @Override
  public String toString() {
    return source.getHostAddress()
        + ":"
        + sourcePort
        + " > "
        + destination.getHostAddress()
        + ":"
        + destinationPort
        + " ("
        + payload.length
        + " bytes)";
  }
}
