package dev.ambit.ztunnel.pod;

import java.time.Duration;
import java.util.Optional;

/** What the node agent asks (spec: cni-socket §3). */
public sealed interface ZdsMessage {
  /** A pod is to be proxied; comes with the descriptor of its network namespace. */
  record Add(String uid, Optional<Info> info) implements ZdsMessage {}

  /** A pod still exists; the agent does not hold its network namespace. Snapshots only. */
  record Keep(String uid) implements ZdsMessage {}

  /** A pod is no longer to be proxied; zero cuts what is open. */
  record Del(String uid, Duration drain) implements ZdsMessage {}

  /** The snapshot is complete. */
  record SnapshotSent() implements ZdsMessage {}

  /** Who a pod is. */
  record Info(String namespace, String name, String serviceAccount) {}
}
