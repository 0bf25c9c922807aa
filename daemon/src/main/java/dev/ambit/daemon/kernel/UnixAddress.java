package dev.ambit.daemon.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** {@code struct sockaddr_un}. */
final class UnixAddress {
  static final short AF_UNIX = 1;
  private static final int MOST_PATH_BYTES = 107;

  private UnixAddress() {}

  static MemorySegment of(Path path, Arena arena) throws IOException {
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    if (name.length > MOST_PATH_BYTES) {
      throw new IOException(
          path + ": got " + name.length + " bytes, expected at most " + MOST_PATH_BYTES);
    }
    MemorySegment address = arena.allocate(2 + MOST_PATH_BYTES + 1, 8);
    address.set(JAVA_SHORT, 0, AF_UNIX);
    MemorySegment.copy(name, 0, address, JAVA_BYTE, 2, name.length);
    return address;
  }
}
