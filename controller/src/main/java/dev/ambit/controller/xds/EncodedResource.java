package dev.ambit.controller.xds;

import java.util.List;

/**
 * One resource as it goes over the wire, serialised once and shared by every client. The arrays
 * must not be changed.
 *
 * @param hash of the content; equal hashes mean equal resources
 * @param version what clients are told; "" where they are told none
 * @param body the fields of a {@code Resource} message without its aliases
 * @param aliasBody the aliases as fields of a {@code Resource} message
 * @param aliases other names by which clients ask for it: {@code network/ip}
 * @param services keys of the services it is an endpoint of
 * @param node where it runs, "" when not said
 */
public record EncodedResource(
    String name,
    String hash,
    String version,
    byte[] body,
    byte[] aliasBody,
    List<String> aliases,
    List<String> services,
    String node) {

  /** Bytes of the message, with or without aliases. */
  public int size(boolean withAliases) {
    return body.length + (withAliases ? aliasBody.length : 0);
  }
}
