package dev.ambit.cni.pods;

import dev.ambit.daemon.Log;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Notices namespace files that appear and go, within milliseconds where the kernel tells (inotify).
 * Where it does not (a folder that is not there yet, {@code /proc}), the loops find out by
 * themselves within a second. Thread-safe.
 */
public final class NetworkFiles implements AutoCloseable {
  private static final Log LOG = Log.scope("cni::networks");

  private final WatchService service;
  private final Runnable changed;
  private final Set<Path> folders = ConcurrentHashMap.newKeySet();

  /** Calls {@code changed} whenever a file in a watched folder came or went. */
  public NetworkFiles(Runnable changed) throws IOException {
    this.service = FileSystems.getDefault().newWatchService();
    this.changed = changed;
    Thread.ofVirtual().name("network-files").start(this::run);
  }

  /** Watches the folder of {@code file}. */
  public void watch(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || folder.startsWith("/proc") || !Files.isDirectory(folder)) {
      return;
    }
    if (folders.add(folder)) {
      try {
        folder.register(
            service, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_DELETE);
      } catch (IOException e) {
        folders.remove(folder);
        LOG.warn("folder of network namespaces is not watched", "error", e.getMessage());
      }
    }
  }

  @Override
  public void close() {
    try {
      service.close();
    } catch (IOException e) {
      LOG.debug("watch service", "error", e.getMessage());
    }
  }

  private void run() {
    try {
      while (true) {
        WatchKey key = service.take();
        key.pollEvents();
        if (!key.reset()) {
          folders.removeIf(folder -> folder.equals(key.watchable()));
        }
        changed.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ClosedWatchServiceException e) {
      // Closed on purpose.
    }
  }
}
