package dev.ambit.e2e.mesh;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** One TCP connection of a test, with a deadline on everything. */
public final class Talk implements AutoCloseable {
  private static final int DEADLINE_MILLIS = 10_000;

  private final Socket socket;

  Talk(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(DEADLINE_MILLIS);
    socket.setTcpNoDelay(true);
  }

  public Socket socket() {
    return socket;
  }

  public String remoteIp() {
    return socket.getInetAddress().getHostAddress().replaceAll("%.*", "");
  }

  public InetSocketAddress local() {
    return (InetSocketAddress) socket.getLocalSocketAddress();
  }

  public Talk says(String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
    return this;
  }

  /** Reads exactly as many bytes as {@code text} has, and answers them. */
  public String hears(int bytes) throws IOException {
    byte[] got = socket.getInputStream().readNBytes(bytes);
    return new String(got, StandardCharsets.UTF_8);
  }

  /** Says something and hears the echo. */
  public boolean echoes(String text) throws IOException {
    return says(text).hears(text.length()).equals(text);
  }

  /** Half-closes. */
  public Talk finishes() throws IOException {
    socket.shutdownOutput();
    return this;
  }

  /** Reads to the end. */
  public String hearsAll() throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** How the connection ends: {@code FIN}, {@code RST}, or what came instead. */
  public String end() {
    try {
      InputStream in = socket.getInputStream();
      int got = in.read();
      return got < 0 ? "FIN" : "byte " + got;
    } catch (IOException e) {
      return String.valueOf(e.getMessage()).contains("reset")
          ? "RST"
          : String.valueOf(e.getMessage());
    }
  }

  /** Says something, and how the connection ends then. */
  public String endAfter(String text) {
    try {
      says(text);
    } catch (IOException e) {
      return "RST";
    }
    return end();
  }

  /** Closes with a RST. */
  public void resets() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
