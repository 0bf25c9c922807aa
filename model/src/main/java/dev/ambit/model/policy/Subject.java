package dev.ambit.model.policy;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.IpAddresses;
import org.jspecify.annotations.Nullable;

/** A {@link Peer} taken apart once per decision, in the forms that matches compare. */
final class Subject {
  /** For a principal that nobody can write: what plaintext has. */
  final @Nullable String principal;

  /** "" for plaintext. */
  final String namespace;

  final @Nullable String serviceAccount;
  final byte[] sourceIp;
  final byte[] destinationIp;
  final int destinationPort;

  Subject(Peer peer) {
    SpiffeId identity = peer.identity();
    principal = identity == null ? null : identity.principal();
    namespace = identity == null ? "" : identity.namespace();
    serviceAccount = identity == null ? null : identity.serviceAccount();
    sourceIp = IpAddresses.plain(peer.sourceIp()).getAddress();
    destinationIp = IpAddresses.plain(peer.destination().getAddress()).getAddress();
    destinationPort = peer.destination().getPort();
  }
}
