package dev.ambit.e2e.mesh;

import dev.ambit.dataplane.tls.WorkloadCertificate;
import java.io.Closeable;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Someone on port 15008 who is not what it should be. Trusts everybody. */
public final class Rogue implements Closeable {
  private final ServerSocket server;
  private final AtomicInteger bytes = new AtomicInteger();

  /** What a rogue does with a connection. */
  public interface Behaviour {
    /** Answers how many application bytes it was given. */
    int meet(Socket socket) throws IOException;
  }

  Rogue(ServerSocket server, Behaviour behaviour) {
    this.server = server;
    Thread.ofVirtual()
        .name("rogue")
        .start(() -> {
          while (!server.isClosed()) {
            try {
              Socket socket = server.accept();
              Thread.ofVirtual().start(() -> meet(socket, behaviour));
            } catch (SocketTimeoutException e) {
              // Nobody came; goes on.
            } catch (IOException e) {
              return;
            }
          }
        });
  }

  private void meet(Socket socket, Behaviour behaviour) {
    try (socket) {
      socket.setSoTimeout(10_000);
      bytes.addAndGet(behaviour.meet(socket));
    } catch (IOException e) {
      // The other side has gone: what the tests want.
    }
  }

  /** How many bytes anyone entrusted to it inside TLS. */
  public int bytesGiven() {
    return bytes.get();
  }

  /** A TLS server that shows {@code certificate}. */
  public static Behaviour showing(WorkloadCertificate certificate) {
    return socket -> {
      try (SSLSocket tls =
          (SSLSocket)
              context(certificate)
                  .getSocketFactory()
                  .createSocket(socket, socket.getInetAddress().getHostAddress(), 15008, true)) {
        tls.setUseClientMode(false);
        tls.setNeedClientAuth(true);
        h2(tls);
        byte[] got = tls.getInputStream().readNBytes(1);
        return got.length;
      }
    };
  }

  /** A TLS client that shows {@code certificate}, or none; answers how it was received. */
  public static String calls(Socket socket, @Nullable WorkloadCertificate certificate)
      throws IOException {
    socket.setSoTimeout(10_000);
    try (SSLSocket tls =
        (SSLSocket)
            context(certificate)
                .getSocketFactory()
                .createSocket(socket, socket.getInetAddress().getHostAddress(), 15008, true)) {
      h2(tls);
      tls.startHandshake();
      tls.getOutputStream()
          .write(
              "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
                  .getBytes(StandardCharsets.ISO_8859_1));
      int first = tls.getInputStream().read();
      return first < 0 ? "closed" : "accepted";
    } catch (SSLException e) {
      return "refused: " + e.getMessage();
    } catch (SocketTimeoutException e) {
      return "ignored";
    } catch (IOException e) {
      return "closed: " + e.getMessage();
    }
  }

  private static void h2(SSLSocket tls) {
    SSLParameters parameters = tls.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    parameters.setProtocols(new String[] {"TLSv1.3"});
    tls.setSSLParameters(parameters);
  }

  private static SSLContext context(@Nullable WorkloadCertificate certificate) {
    try {
      KeyManager[] keys = null;
      if (certificate != null) {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
            "me",
            certificate.key(),
            new char[0],
            certificate.chain().toArray(X509Certificate[]::new));
        KeyManagerFactory factory =
            KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        keys = factory.getKeyManagers();
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, new TrustManager[] {new Trusting()}, new SecureRandom());
      return context;
    } catch (java.security.GeneralSecurityException | IOException e) {
      throw new AssertionError(e);
    }
  }

  private static final class Trusting implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
