package dev.ambit.controller.deploy;

import dev.ambit.controller.state.PrivateFiles;
import dev.ambit.controller.translate.Condition;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.generated.ManifestFolders;
import dev.ambit.daemon.generated.PodFacts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the generated folder as {@link Deployer} plans it, at every change of either folder and of
 * how the pods fare. Writes a file only when its text is another one. Thread-safe; {@link #run} on
 * one thread.
 */
public final class Deployment implements AutoCloseable {
  private static final Log LOG = Log.scope("deploy");

  private final Deployer deployer;
  private final Path folder;
  private final InstantSource clock;
  private final Object lock = new Object();
  private final PodFacts watch;
  private Map<String, PodFacts.State> facts = Map.of();
  private ManifestFolders.@Nullable Both folders;
  private boolean news;
  private volatile List<Condition> conditions = List.of();

  /**
   * @param folder that of the generated manifests
   * @param facts that of the enrolment facts
   */
  public Deployment(Deployer deployer, Path folder, Path facts, InstantSource clock) {
    this.deployer = deployer;
    this.folder = folder;
    this.clock = clock;
    this.watch = PodFacts.open(facts, this::factsChanged);
  }

  /** Takes over what the folders say; any thread. */
  public void offer(ManifestFolders.Both seen) {
    synchronized (lock) {
      if (!seen.equals(folders)) {
        folders = seen;
        news = true;
        lock.notifyAll();
      }
    }
  }

  private void factsChanged(Map<String, PodFacts.State> seen) {
    synchronized (lock) {
      if (!seen.equals(facts)) {
        facts = seen;
        news = true;
        lock.notifyAll();
      }
    }
  }

  /** What there is to say of the Gateways. */
  public List<Condition> conditions() {
    return conditions;
  }

  /** Follows until interrupted. */
  public void run() throws InterruptedException {
    while (true) {
      Deployer.Known known;
      synchronized (lock) {
        ManifestFolders.Both both = folders;
        while (!news || both == null) {
          lock.wait();
          both = folders;
        }
        news = false;
        known = new Deployer.Known(both, facts, clock.instant());
      }
      try {
        carryOut(deployer.plan(known));
      } catch (RuntimeException e) {
        synchronized (lock) {
          // Whoever runs this comes back after a pause.
          news = true;
        }
        throw e;
      }
    }
  }

  private void carryOut(Deployer.Plan plan) {
    conditions = plan.conditions();
    Map<String, String> present = present();
    plan.files()
        .forEach((name, text) -> {
          if (!text.equals(present.get(name))) {
            PrivateFiles.writePublic(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
            LOG.info(present.containsKey(name) ? "changed" : "deployed", "file", name);
          }
        });
    for (String name : present.keySet()) {
      if (!plan.files().containsKey(name)) {
        remove(name);
      }
    }
  }

  private void remove(String name) {
    try {
      Files.deleteIfExists(folder.resolve(name));
      LOG.info("removed", "file", name);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + folder.resolve(name), e);
    }
  }

  /** The files that were made here, by name; others are left alone. */
  private Map<String, String> present() {
    Map<String, String> present = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".yaml")).toList()) {
        String text = Files.readString(file);
        if (text.startsWith(Written.MARK)) {
          present.put(file.getFileName().toString(), text);
        }
      }
      return present;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + folder, e);
    }
  }

  /** Follows no more. */
  @Override
  public void close() {
    watch.close();
  }
}
