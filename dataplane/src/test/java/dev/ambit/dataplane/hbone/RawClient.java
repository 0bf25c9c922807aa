package dev.ambit.dataplane.hbone;

import dev.ambit.dataplane.tls.WorkloadCertificate;
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
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.function.Consumer;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** An HTTP/2 client that writes any frame it is told to, with the JDK's TLS below. */
final class RawClient implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int CONTINUATION = 9;
  static final int END_STREAM = 1;
  static final int ACK = 1;
  static final int END_HEADERS = 4;

  private final SSLSocket socket;
  private final DataInputStream in;
  private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
  private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder();

  /** A frame from the server. */
  record Frame(int type, int flags, int stream, byte[] payload) {
    /** The error of a RST_STREAM or GOAWAY. */
    int error() {
      return ByteBuffer.wrap(payload).getInt(type == GOAWAY ? 4 : 0);
    }
  }

  private RawClient(SSLSocket socket) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(socket.getInputStream());
  }

  /** Connects and shakes hands; {@code own} null shows no certificate. */
  static RawClient connect(
      InetSocketAddress server, @Nullable WorkloadCertificate own, Consumer<SSLParameters> tune)
      throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        own == null ? null : keys(own).getKeyManagers(),
        new X509TrustManager[] {new TrustAnybody()},
        new SecureRandom());
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(server.getAddress(), server.getPort());
    socket.setSoTimeout(20_000);
    socket.setTcpNoDelay(true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    tune.accept(parameters);
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return new RawClient(socket);
  }

  /** With the preface and empty SETTINGS sent. */
  static RawClient speaking(InetSocketAddress server, WorkloadCertificate own)
      throws IOException, GeneralSecurityException {
    return connect(server, own, _ -> {}).preface();
  }

  /** Says the preface and empty SETTINGS. */
  RawClient preface() throws IOException {
    bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    return frame(SETTINGS, 0, 0, new byte[0]);
  }

  private static KeyManagerFactory keys(WorkloadCertificate own)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("own", own.key(), new char[0], own.chain().toArray(new X509Certificate[0]));
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(store, new char[0]);
    return factory;
  }

  void bytes(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  /** Writes one frame. */
  RawClient frame(int type, int flags, int stream, byte[] payload) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
    frame.putInt(payload.length << 8 | type).put((byte) flags).putInt(stream).put(payload);
    bytes(frame.array());
    return this;
  }

  /** A header block: name, value, name, value … */
  byte[] block(String... fields) throws Http2Exception {
    Http2Headers headers = new DefaultHttp2Headers(false);
    for (int i = 0; i < fields.length; i += 2) {
      headers.add(fields[i], fields[i + 1]);
    }
    ByteBuf out = Unpooled.buffer();
    encoder.encodeHeaders(1, headers, out);
    byte[] bytes = new byte[out.readableBytes()];
    out.readBytes(bytes);
    return bytes;
  }

  /** Asks for a tunnel on {@code stream}. */
  RawClient connect(int stream, String authority) throws IOException, Http2Exception {
    return frame(
        HEADERS, END_HEADERS, stream, block(":method", "CONNECT", ":authority", authority));
  }

  /** The next frame; null at the end of the connection, however it comes. */
  @Nullable Frame next() throws IOException {
    try {
      int head = in.readInt();
      int flags = in.readUnsignedByte();
      int stream = in.readInt();
      byte[] payload = in.readNBytes(head >>> 8);
      if ((head & 0xff) == PING && flags == 0) {
        frame(PING, ACK, 0, payload);
        return next();
      }
      return new Frame(head & 0xff, flags, stream, payload);
    } catch (EOFException | java.net.SocketException | javax.net.ssl.SSLException end) {
      return null;
    }
  }

  /** Skips to the next frame of {@code type}; null when the connection ends first. */
  @Nullable Frame next(int type) throws IOException {
    Frame frame = next();
    while (frame != null && frame.type != type) {
      frame = next();
    }
    return frame;
  }

  /** The status of the next answer, 0 when the connection ends first. */
  int status() throws IOException, Http2Exception {
    Frame frame = next(HEADERS);
    if (frame == null) {
      return 0;
    }
    CharSequence status =
        decoder.decodeHeaders(frame.stream, Unpooled.wrappedBuffer(frame.payload)).status();
    return Integer.parseInt(String.valueOf(status));
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  /** The tests that use this look at the server's side. */
  private static final class TrustAnybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
