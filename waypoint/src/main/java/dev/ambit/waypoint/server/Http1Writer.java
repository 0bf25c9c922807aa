package dev.ambit.waypoint.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Iterator;
import java.util.Map;

/** Writes the parts of a response of HTTP/1.1. */
final class Http1Writer {
  private static final ByteBuf CRLF =
      Unpooled.unreleasableBuffer(
          Unpooled.directBuffer(2).writeByte('\r').writeByte('\n').asReadOnly());

  private Http1Writer() {}

  /** The status line and {@code headers}; the empty line is still to come. */
  static ByteBuf head(ByteBufAllocator alloc, int status, HttpHeaders headers) {
    return head(alloc, status, headers, 0);
  }

  /**
   * The same, with room for some bytes of the body.
   *
   * @param room so many
   */
  static ByteBuf head(ByteBufAllocator alloc, int status, HttpHeaders headers, int room) {
    ByteBuf out = alloc.buffer(512 + room);
    ByteBufUtil.writeAscii(out, "HTTP/1.1 ");
    ByteBufUtil.writeAscii(out, Integer.toString(status));
    out.writeByte(' ');
    ByteBufUtil.writeAscii(out, HttpResponseStatus.valueOf(status).reasonPhrase());
    out.writeShort('\r' << 8 | '\n');
    fields(out, headers);
    return out;
  }

  static void field(ByteBuf out, CharSequence name, CharSequence value) {
    text(out, name);
    out.writeShort(':' << 8 | ' ');
    text(out, value);
    out.writeShort('\r' << 8 | '\n');
  }

  static void end(ByteBuf out) {
    out.writeShort('\r' << 8 | '\n');
  }

  /** The line before the bytes of a chunk. */
  static ByteBuf chunk(ByteBufAllocator alloc, int size) {
    ByteBuf out = alloc.buffer(16);
    ByteBufUtil.writeAscii(out, Integer.toHexString(size));
    end(out);
    return out;
  }

  /** The line end after the bytes of a chunk. */
  static ByteBuf chunkEnd() {
    return CRLF.duplicate();
  }

  /** The last chunk and the trailers. */
  static ByteBuf lastChunk(ByteBufAllocator alloc, HttpHeaders trailers) {
    ByteBuf out = alloc.buffer(trailers.isEmpty() ? 8 : 256);
    out.writeByte('0');
    end(out);
    fields(out, trailers);
    end(out);
    return out;
  }

  private static void fields(ByteBuf out, HttpHeaders headers) {
    Iterator<Map.Entry<CharSequence, CharSequence>> each = headers.iteratorCharSequence();
    while (each.hasNext()) {
      var one = each.next();
      field(out, one.getKey(), one.getValue());
    }
  }

  /** A character that would end its line, or the head, becomes a blank. */
  private static void text(ByteBuf out, CharSequence text) {
    int length = text.length();
    out.ensureWritable(length);
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      out.writeByte(c > 0xff ? '?' : Chars.isValue(c) ? c : ' ');
    }
  }
}
