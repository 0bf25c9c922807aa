package dev.ambit.controller.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Keeps a second controller away from a state folder for as long as the process lives. */
public final class StateLock implements AutoCloseable {
  private final FileChannel channel;

  private StateLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Locks {@code folder}, making it if needed. */
  public static StateLock take(Path folder) {
    PrivateFiles.folder(folder);
    try {
      FileChannel channel =
          FileChannel.open(
              folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        channel.close();
        throw new Unusable(folder + ": got a folder that another controller uses, expected a free");
      }
      return new StateLock(channel);
    } catch (IOException e) {
      throw new Unusable(folder + ": cannot be locked", e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new Unusable("the lock of the state folder cannot be given back", e);
    }
  }
}
