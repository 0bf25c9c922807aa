package dev.ambit.waypoint.server;

import io.netty.buffer.ByteBuf;
import io.netty.util.AsciiString;

/** What a client speaks, by the first bytes it sent. Pure. */
enum FirstBytes {
  /** Too few to tell. */
  UNDECIDED,
  HTTP_1,
  HTTP_2,
  TLS,
  OTHER;

  private static final AsciiString PREFACE = AsciiString.cached("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  private static final int TLS_HANDSHAKE = 22;
  private static final int LONGEST_METHOD = 24;

  /** On a port that speaks HTTP of one version or the other. */
  static FirstBytes version(ByteBuf bytes) {
    int size = bytes.readableBytes();
    for (int i = 0; i < size && i < PREFACE.length(); i++) {
      if (bytes.getByte(bytes.readerIndex() + i) != PREFACE.byteAt(i)) {
        return HTTP_1;
      }
    }
    return size >= PREFACE.length() ? HTTP_2 : UNDECIDED;
  }

  /** On a port that says nothing of its protocol. */
  static FirstBytes look(ByteBuf bytes) {
    int size = bytes.readableBytes();
    if (size == 0) {
      return UNDECIDED;
    }
    if (bytes.getByte(bytes.readerIndex()) == TLS_HANDSHAKE) {
      return TLS;
    }
    FirstBytes version = version(bytes);
    return version == HTTP_1 ? request(bytes) : version;
  }

  /** A request line: method, blank, target, blank, {@code HTTP/1.}. */
  private static FirstBytes request(ByteBuf bytes) {
    int at = bytes.readerIndex();
    int end = bytes.writerIndex();
    int method = at;
    while (method < end && isUpper(bytes.getByte(method))) {
      method++;
    }
    if (method - at > LONGEST_METHOD) {
      return OTHER;
    }
    if (method == end) {
      return UNDECIDED;
    }
    if (method == at || bytes.getByte(method) != ' ') {
      return OTHER;
    }
    int target = method + 1;
    while (target < end && Chars.isTarget(bytes.getByte(target))) {
      target++;
    }
    if (target == end) {
      return UNDECIDED;
    }
    if (target == method + 1 || bytes.getByte(target) != ' ') {
      return OTHER;
    }
    AsciiString version = AsciiString.cached("HTTP/1.");
    for (int i = 0; i < version.length(); i++) {
      int place = target + 1 + i;
      if (place == end) {
        return UNDECIDED;
      }
      if (bytes.getByte(place) != version.byteAt(i)) {
        return OTHER;
      }
    }
    return HTTP_1;
  }

  private static boolean isUpper(byte c) {
    return c >= 'A' && c <= 'Z' || c == '-';
  }
}
