package dev.ambit.controller.ca.node;

import dev.ambit.controller.state.PrivateFiles;
import dev.ambit.daemon.Log;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A join token in a file for every node that a pod names, and in the folder {@code pods} one for
 * every pod that proves itself, renewed before half of it has passed, so that a daemon finds one
 * whenever it starts. Thread-safe.
 */
public final class JoinTokenFiles {
  private static final Log LOG = Log.scope("join");
  private static final int MOST_NODES = 20_000;
  private static final int MOST_PODS = 20_000;

  /** Below the tokens of nodes; no node has this name and a token, for it is a folder. */
  private static final String PODS = "pods";

  private final Path folder;
  private final JoinTokens tokens;
  private final PodTokens podTokens;
  private final Set<PodName> pods = new HashSet<>();
  private boolean tidy;
  private final Duration lifetime;
  private final InstantSource clock;
  private final Set<String> nodes = new TreeSet<>();

  public JoinTokenFiles(Path folder, JoinTokens tokens, Duration lifetime, InstantSource clock) {
    this.folder = folder;
    this.tokens = tokens;
    this.podTokens = new PodTokens(tokens);
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
      if (JoinTokens.validNode(node) && !node.equals(PODS)) {
        renewIfDue(node);
      } else {
        LOG.warn("no join token", "node", node, "expected", "a lower-case DNS name");
      }
    }
  }

  /**
   * Sees to the files of {@code named}, {@code pods/NAMESPACE.NAME}; those of pods no longer named
   * go.
   */
  public synchronized void updatePods(Set<PodName> named) {
    if (named.equals(pods) && tidy) {
      return;
    }
    if (!tidy) {
      forgetOthers(named);
      tidy = true;
    }
    Set<PodName> gone = new HashSet<>(pods);
    gone.removeAll(named);
    // First: a pod of the same name may run as somebody else by now.
    gone.forEach(pod -> delete(file(pod)));
    pods.removeAll(gone);
    for (PodName pod : named) {
      if (!PodTokens.valid(pod)) {
        LOG.warn("no join token", "pod", pod, "expected", "lower-case DNS names");
      } else if (pods.size() < MOST_PODS && pods.add(pod)) {
        renewIfDue(pod);
      }
    }
  }

  /** The file of {@code pod}'s token; namespaces have no dots. */
  private Path file(PodName pod) {
    return folder.resolve(PODS).resolve(pod.namespace() + "." + pod.name());
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + file, e);
    }
  }

  /** Of an earlier run: tokens of pods that are gone by now. */
  private void forgetOthers(Set<PodName> named) {
    if (!Files.isDirectory(folder.resolve(PODS))) {
      return;
    }
    Set<Path> kept = new HashSet<>();
    named.forEach(pod -> kept.add(file(pod)));
    try (Stream<Path> files = Files.list(folder.resolve(PODS))) {
      files.filter(file -> !kept.contains(file)).forEach(JoinTokenFiles::delete);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + folder, e);
    }
  }

  private void renewIfDue(PodName pod) {
    Path file = file(pod);
    boolean fresh =
        Files.exists(file)
            && podTokens
                .verify(new String(PrivateFiles.read(file), StandardCharsets.US_ASCII).strip())
                .filter(proven -> proven.pod().equals(pod))
                .filter(proven -> isLong(proven.expiry()))
                .isPresent();
    if (!fresh) {
      PrivateFiles.write(file, podTokens.issue(pod, lifetime).getBytes(StandardCharsets.US_ASCII));
    }
  }

  private boolean isLong(Instant expiry) {
    return Duration.between(clock.instant(), expiry).compareTo(lifetime.dividedBy(2)) > 0;
  }

  /** Renews what is due; run this often against the lifetime. */
  public synchronized void renew() {
    pods.forEach(this::renewIfDue);
    nodes.stream()
        .filter(node -> JoinTokens.validNode(node) && !node.equals(PODS))
        .forEach(this::renewIfDue);
  }

  private void renewIfDue(String node) {
    Path file = folder.resolve(node);
    boolean fresh =
        Files.exists(file)
            && tokens
                .verify(new String(PrivateFiles.read(file), StandardCharsets.US_ASCII).strip())
                .filter(joined -> joined.node().equals(node))
                .filter(joined -> isLong(joined.expiry()))
                .isPresent();
    if (!fresh) {
      // No line end: Istio's ztunnel sends the bytes of such a file as a header, as they are.
      String token = tokens.issue(node, lifetime);
      PrivateFiles.write(file, token.getBytes(StandardCharsets.US_ASCII));
    }
  }
}
