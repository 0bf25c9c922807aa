package dev.ambit.waypoint.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A client of HTTP/2 that writes any frame it is told to. */
final class RawHttp2 implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;

  private final Socket socket;
  private final DataInputStream in;
  private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
  private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder();

  /** A frame from the server. */
  record Frame(int type, int flags, int stream, byte[] payload) {
    int error() {
      return ByteBuffer.wrap(payload).getInt(type == GOAWAY ? 4 : 0);
    }

    boolean ends() {
      return (flags & END_STREAM) != 0;
    }

    String text() {
      return new String(payload, StandardCharsets.US_ASCII);
    }
  }

  RawHttp2(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(socket.getInputStream());
    bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    frame(SETTINGS, 0, 0, new byte[0]);
  }

  void bytes(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  RawHttp2 frame(int type, int flags, int stream, byte[] payload) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
    frame.putInt(payload.length << 8 | type).put((byte) flags).putInt(stream).put(payload);
    bytes(frame.array());
    return this;
  }

  RawHttp2 data(int stream, String text, boolean end) throws IOException {
    return frame(DATA, end ? END_STREAM : 0, stream, text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Headers of a request: name, value, name, value. */
  RawHttp2 headers(int stream, boolean end, String... fields) throws IOException, Http2Exception {
    Http2Headers headers = new DefaultHttp2Headers(false);
    for (int i = 0; i < fields.length; i += 2) {
      headers.add(fields[i], fields[i + 1]);
    }
    ByteBuf out = Unpooled.buffer();
    encoder.encodeHeaders(stream, headers, out);
    byte[] block = new byte[out.readableBytes()];
    out.readBytes(block);
    return frame(HEADERS, END_HEADERS | (end ? END_STREAM : 0), stream, block);
  }

  /** An ordinary request. */
  RawHttp2 get(int stream, String path) throws IOException, Http2Exception {
    return headers(
        stream, true, ":method", "GET", ":scheme", "http", ":path", path, ":authority", "web");
  }

  RawHttp2 post(int stream, String path, String... more) throws IOException, Http2Exception {
    String[] fields = new String[8 + more.length];
    String[] first = {":method", "POST", ":scheme", "http", ":path", path, ":authority", "web"};
    System.arraycopy(first, 0, fields, 0, 8);
    System.arraycopy(more, 0, fields, 8, more.length);
    return headers(stream, false, fields);
  }

  /** The next frame; null at the end of the connection. */
  @Nullable Frame next() throws IOException {
    try {
      int head = in.readInt();
      int flags = in.readUnsignedByte();
      int stream = in.readInt();
      byte[] payload = in.readNBytes(head >>> 8);
      if ((head & 0xff) == PING && flags == 0) {
        frame(PING, 1, 0, payload);
      }
      return new Frame(head & 0xff, flags, stream, payload);
    } catch (EOFException | SocketException end) {
      return null;
    }
  }

  /** Skips to the next frame of {@code type}. */
  Frame next(int type) throws IOException {
    Frame frame = next();
    while (frame != null && frame.type != type) {
      frame = next();
    }
    if (frame == null) {
      throw new AssertionError("the connection ended before a frame of type " + type);
    }
    return frame;
  }

  Http2Headers decode(Frame frame) throws Http2Exception {
    return decoder.decodeHeaders(frame.stream, Unpooled.wrappedBuffer(frame.payload));
  }

  /** The status of the next response. */
  String status() throws IOException, Http2Exception {
    return String.valueOf(decode(next(HEADERS)).status());
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
