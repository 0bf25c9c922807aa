package dev.ambit.waypoint.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** Reads the server name a TLS client asks for (RFC 6066 §3) without taking part in it. Pure. */
final class TlsHello {
  /** A hello that has not ended by then names nobody (spec: threat-model RES-002). */
  static final int MOST = 16 * 1024;

  private static final int HANDSHAKE = 22;
  private static final int CLIENT_HELLO = 1;
  private static final int SERVER_NAME = 0;
  private static final int HOST_NAME = 0;

  private TlsHello() {}

  /**
   * The server name; "" when there is none or this is no hello; empty when more bytes are needed.
   */
  static Optional<String> serverName(ByteBuf bytes) {
    ByteBuf handshake = Unpooled.buffer(512, MOST + 4);
    ByteBuf in = bytes.duplicate();
    while (in.readableBytes() >= 5) {
      int type = in.readUnsignedByte();
      int major = in.readUnsignedByte();
      in.skipBytes(1);
      int length = in.readUnsignedShort();
      if (type != HANDSHAKE || major != 3 || length == 0) {
        return Optional.of("");
      }
      int there = Math.min(length, in.readableBytes());
      if (handshake.readableBytes() + there > MOST) {
        return Optional.of("");
      }
      handshake.writeBytes(in, there);
      Optional<String> name = name(handshake);
      if (name.isPresent() || there < length) {
        return name;
      }
    }
    boolean hopeless = bytes.readableBytes() > 0 && bytes.getByte(bytes.readerIndex()) != HANDSHAKE;
    return hopeless ? Optional.of("") : Optional.empty();
  }

  private static Optional<String> name(ByteBuf handshake) {
    if (handshake.readableBytes() < 4) {
      return Optional.empty();
    }
    int start = handshake.readerIndex();
    int size = handshake.getUnsignedMedium(start + 1);
    if (handshake.getByte(start) != CLIENT_HELLO || size > MOST) {
      return Optional.of("");
    }
    if (handshake.readableBytes() < size + 4) {
      return Optional.empty();
    }
    try {
      return Optional.of(extension(handshake.slice(start + 4, size)));
    } catch (IndexOutOfBoundsException broken) {
      return Optional.of("");
    }
  }

  private static String extension(ByteBuf hello) {
    // Version and random.
    hello.skipBytes(34);
    hello.skipBytes(hello.readUnsignedByte());
    hello.skipBytes(hello.readUnsignedShort());
    hello.skipBytes(hello.readUnsignedByte());
    if (!hello.isReadable()) {
      return "";
    }
    ByteBuf extensions = hello.readSlice(hello.readUnsignedShort());
    while (extensions.isReadable()) {
      int type = extensions.readUnsignedShort();
      ByteBuf body = extensions.readSlice(extensions.readUnsignedShort());
      if (type == SERVER_NAME) {
        ByteBuf names = body.readSlice(body.readUnsignedShort());
        if (names.readUnsignedByte() != HOST_NAME) {
          return "";
        }
        String name =
            names.readSlice(names.readUnsignedShort()).toString(StandardCharsets.US_ASCII);
        return Chars.isAuthority(name) ? name.toLowerCase(Locale.ROOT) : "";
      }
    }
    return "";
  }
}
