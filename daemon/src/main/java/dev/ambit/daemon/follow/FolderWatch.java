package dev.ambit.daemon.follow;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.follow.FolderFiles.Change;
import dev.ambit.daemon.kernel.FolderEvents;
import dev.ambit.daemon.kernel.FolderEvents.Events;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Follows the files of a folder: contents first, then every finished change, on a platform thread
 * of its own. Events that come within 5 ms of the first are one change. Every 10 s it looks by
 * itself, in case an event was lost or the file system sends none. When the folder disappears, the
 * files it had are not reported as removed: it looks for it every second.
 */
public final class FolderWatch implements AutoCloseable {
  private static final Log LOG = Log.scope("manifest");
  private static final Duration WINDOW = Duration.ofMillis(5);
  private static final Duration LOOK = Duration.ofSeconds(10);
  private static final Duration LOOK_BLINDLY = Duration.ofSeconds(1);

  /** The link that is swapped when Kubernetes updates a mounted ConfigMap. */
  private static final String SWAPPED = "..data";

  private final Path folder;
  private final FolderFiles files;
  private final Follower follower;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private volatile @Nullable FolderEvents events;
  private boolean gone;

  /** Hears on one thread; a failure is logged. */
  public interface Follower {
    /** {@code gone}: the folder is not there. */
    void changed(Change change, boolean gone);
  }

  /**
   * Hands the present files to {@code follower} before returning.
   *
   * @throws UncheckedIOException when there is no such folder
   */
  public FolderWatch(Path folder, Predicate<String> relevant, Follower follower) {
    this.folder = folder;
    this.files = new FolderFiles(folder, relevant, InstantSource.system());
    this.follower = follower;
    if (!Files.isDirectory(folder)) {
      String got = Files.exists(folder) ? "something else" : "nothing";
      throw new UncheckedIOException(
          new IOException(folder + ": got " + got + ", expected a folder"));
    }
    openEvents();
    follower.changed(files.all(), false);
    this.thread = Thread.ofPlatform().daemon().name("follow-" + folder).start(this::run);
  }

  private void run() {
    while (open()) {
      try {
        FolderEvents source = events;
        if (gone) {
          pause();
          returned();
        } else if (source == null) {
          pause();
          hand(files.rested());
        } else {
          turn(source);
        }
      } catch (RuntimeException | IOException e) {
        LOG.error("folder cannot be followed just now", "folder", folder, "error", e);
        pause();
      }
    }
  }

  private void turn(FolderEvents source) throws IOException {
    Events seen = source.await(LOOK);
    boolean idle = seen.equals(Events.NONE);
    if (!idle) {
      seen = gather(source, seen);
    }
    if (!open()) {
      return;
    }
    Set<String> finished = finished(seen);
    if (seen.gone() || !Files.isDirectory(folder)) {
      lost(source);
    } else if (seen.lost() || finished.contains(SWAPPED)) {
      hand(files.all());
    } else if (idle) {
      hand(files.rested());
    } else {
      hand(files.only(finished));
    }
  }

  private static Events gather(FolderEvents source, Events first) throws IOException {
    Events all = first;
    long end = System.nanoTime() + WINDOW.toNanos();
    for (long left = WINDOW.toMillis(); left > 0 && !all.gone(); ) {
      all = all.and(source.await(Duration.ofMillis(left)));
      left = (end - System.nanoTime()) / 1_000_000;
    }
    return all;
  }

  /** Links are complete when they appear; other created files announce their end later. */
  private Set<String> finished(Events seen) {
    Set<String> names = new HashSet<>(seen.names());
    for (String name : seen.created()) {
      Path file = folder.resolve(name);
      try {
        Object links = Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
        if (Files.isSymbolicLink(file) || links instanceof Integer count && count > 1) {
          names.add(name);
        }
      } catch (IOException e) {
        // Gone again; that is an event of its own.
        names.add(name);
      }
    }
    return names;
  }

  private void lost(FolderEvents source) {
    source.close();
    events = null;
    gone = true;
    follower.changed(new Change(Map.of(), Set.of()), true);
  }

  private void returned() {
    if (Files.isDirectory(folder)) {
      openEvents();
      gone = false;
      follower.changed(files.all(), false);
    }
  }

  private void openEvents() {
    try {
      events = FolderEvents.open(folder);
    } catch (IOException e) {
      LOG.warn("folder sends no events; looking every second", "folder", folder, "error", e);
    }
  }

  private void hand(Change change) {
    if (!change.isEmpty()) {
      follower.changed(change, false);
    }
  }

  private boolean open() {
    return closed.getCount() > 0;
  }

  private void pause() {
    try {
      closed.await(LOOK_BLINDLY.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      closed.countDown();
    }
  }

  /** Returns when the follower will not be called any more. */
  @Override
  public void close() {
    closed.countDown();
    FolderEvents source = events;
    if (source != null) {
      source.close();
    }
    try {
      if (thread != Thread.currentThread()) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
