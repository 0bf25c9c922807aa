package dev.ambit.daemon.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Finished changes of a folder's entries, by inotify: a file that was written and closed, moved in
 * or out, or deleted. Unlike java.nio's WatchService it never reports a file that is still being
 * written. Blocking; for one platform thread, except {@link #close}, which wakes it.
 */
public final class FolderEvents implements AutoCloseable {
  private static final int NONBLOCK_CLOEXEC = 0x800 | 0x80000;
  private static final int CLOSE_WRITE = 0x8;
  private static final int MOVED_FROM = 0x40;
  private static final int MOVED_TO = 0x80;
  private static final int CREATE = 0x100;
  private static final int DELETE = 0x200;
  private static final int DELETE_SELF = 0x400;
  private static final int MOVE_SELF = 0x800;
  private static final int UNMOUNT = 0x2000;
  private static final int OVERFLOW = 0x4000;
  private static final int IGNORED = 0x8000;
  private static final int ONLY_FOLDERS = 0x01000000;
  private static final int WANTED =
      CLOSE_WRITE
          | MOVED_FROM
          | MOVED_TO
          | CREATE
          | DELETE
          | DELETE_SELF
          | MOVE_SELF
          | ONLY_FOLDERS;
  private static final int GONE = DELETE_SELF | MOVE_SELF | UNMOUNT | IGNORED;
  private static final int EVENT_HEAD_BYTES = 16;
  private static final int BUFFER_BYTES = 64 * 1024;
  private static final short POLLIN = 1;

  private final Descriptor descriptor;
  private final int watch;

  private FolderEvents(int descriptor, int watch) {
    this.descriptor = new Descriptor(descriptor);
    this.watch = watch;
  }

  /**
   * What happened.
   *
   * @param names of entries that are complete, or gone
   * @param created names of entries that appeared; those of regular files are still being written,
   *     those of links are complete
   * @param lost whether the kernel dropped events
   * @param gone whether the folder is no longer there, or this was closed
   */
  public record Events(Set<String> names, Set<String> created, boolean lost, boolean gone) {
    public static final Events NONE = new Events(Set.of(), Set.of(), false, false);

    /** Both together. */
    public Events and(Events other) {
      return new Events(
          union(names, other.names),
          union(created, other.created),
          lost || other.lost,
          gone || other.gone);
    }

    private static Set<String> union(Set<String> one, Set<String> other) {
      Set<String> all = new LinkedHashSet<>(one);
      all.addAll(other);
      return all;
    }
  }

  public static FolderEvents open(Path folder) throws IOException {
    int descriptor = Libc.inotifyInit(NONBLOCK_CLOEXEC);
    if (descriptor < 0) {
      throw Libc.failure("watch " + folder, descriptor);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom(folder.toString());
      int watch = Libc.inotifyAddWatch(descriptor, path, WANTED);
      if (watch < 0) {
        Libc.close(descriptor);
        throw Libc.failure("watch " + folder, watch);
      }
      return new FolderEvents(descriptor, watch);
    }
  }

  /** Waits for events; {@link Events#NONE} when {@code timeout} passes. */
  public Events await(Duration timeout) throws IOException {
    int number = descriptor.acquire();
    if (number < 0) {
      return new Events(Set.of(), Set.of(), false, true);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment what = arena.allocate(8, 4);
      what.set(JAVA_INT, 0, number);
      what.set(JAVA_SHORT, 4, POLLIN);
      int ready = Libc.poll(what, (int) Math.min(timeout.toMillis(), Integer.MAX_VALUE));
      if (ready == 0 || ready == -Libc.EINTR) {
        return Events.NONE;
      } else if (ready < 0) {
        throw Libc.failure("poll", ready);
      }
      MemorySegment buffer = arena.allocate(BUFFER_BYTES, 8);
      int size = Libc.read(number, buffer);
      if (size == -Libc.EAGAIN || size == -Libc.EINTR) {
        return Events.NONE;
      } else if (size < 0) {
        throw Libc.failure("read folder events", size);
      }
      return events(ByteBuffer.wrap(buffer.asSlice(0, size).toArray(JAVA_BYTE)));
    } finally {
      descriptor.release();
    }
  }

  private static Events events(ByteBuffer all) {
    all.order(ByteOrder.nativeOrder());
    Set<String> names = new LinkedHashSet<>();
    Set<String> created = new LinkedHashSet<>();
    boolean lost = false;
    boolean gone = false;
    while (all.remaining() >= EVENT_HEAD_BYTES) {
      all.getInt();
      int mask = all.getInt();
      all.getInt();
      byte[] name = new byte[all.getInt()];
      all.get(name);
      lost |= (mask & OVERFLOW) != 0;
      gone |= (mask & GONE) != 0;
      if (name.length > 0) {
        String text = new String(name, StandardCharsets.UTF_8).replace("\0", "");
        ((mask & CREATE) == 0 ? names : created).add(text);
      }
    }
    return new Events(names, created, lost, gone);
  }

  @Override
  public void close() {
    int number = descriptor.acquire();
    if (number >= 0) {
      descriptor.close();
      // Reported as an event, which ends a poll.
      Libc.inotifyRemoveWatch(number, watch);
      descriptor.release();
    }
  }
}
