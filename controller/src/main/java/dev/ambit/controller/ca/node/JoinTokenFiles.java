package dev.ambit.controller.ca.node;

import dev.ambit.controller.state.PrivateFiles;
import dev.ambit.daemon.Log;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.TreeSet;

/**
 * A join token in a file for every node that a pod names, renewed before half of it has passed, so
 * that a node's daemon finds one whenever it starts. Thread-safe.
 */
public final class JoinTokenFiles {
  private static final Log LOG = Log.scope("join");
  private static final int MOST_NODES = 20_000;

  private final Path folder;
  private final JoinTokens tokens;
  private final Duration lifetime;
  private final InstantSource clock;
  private final Set<String> nodes = new TreeSet<>();

  public JoinTokenFiles(Path folder, JoinTokens tokens, Duration lifetime, InstantSource clock) {
    this.folder = folder;
    this.tokens = tokens;
    this.lifetime = lifetime;
    this.clock = clock;
    PrivateFiles.folder(folder);
  }

  /** Sees to the files of {@code named}; those of nodes no longer named stay. */
  public synchronized void update(Set<String> named) {
    for (String node : named) {
      if (nodes.contains(node) || nodes.size() >= MOST_NODES) {
        continue;
      }
      nodes.add(node);
      if (JoinTokens.validNode(node)) {
        renewIfDue(node);
      } else {
        LOG.warn("no join token", "node", node, "expected", "a lower-case DNS name");
      }
    }
  }

  /** Renews what is due; run this often against the lifetime. */
  public synchronized void renew() {
    nodes.stream().filter(JoinTokens::validNode).forEach(this::renewIfDue);
  }

  private void renewIfDue(String node) {
    Path file = folder.resolve(node);
    boolean fresh =
        Files.exists(file)
            && tokens
                .verify(new String(PrivateFiles.read(file), StandardCharsets.US_ASCII).strip())
                .filter(joined -> joined.node().equals(node))
                .filter(joined ->
                    Duration.between(clock.instant(), joined.expiry())
                            .compareTo(lifetime.dividedBy(2))
                        > 0)
                .isPresent();
    if (!fresh) {
      // No line end: Istio's ztunnel sends the bytes of such a file as a header, as they are.
      String token = tokens.issue(node, lifetime);
      PrivateFiles.write(file, token.getBytes(StandardCharsets.US_ASCII));
    }
  }
}
