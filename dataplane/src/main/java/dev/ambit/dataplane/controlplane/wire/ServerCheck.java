package dev.ambit.dataplane.controlplane.wire;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trusts a control plane whose chain ends in the given roots and whose certificate is for the host
 * that was dialled, or for the alternative name.
 */
final class ServerCheck extends X509ExtendedTrustManager {
  private static final int DNS_NAME = 2;

  private final X509ExtendedTrustManager chains;
  private final @Nullable String alternativeName;

  /** Without {@code roots} those of the system are used. */
  ServerCheck(List<X509Certificate> roots, @Nullable String alternativeName)
      throws GeneralSecurityException {
    this.chains = chains(roots);
    this.alternativeName = alternativeName;
  }

  private static X509ExtendedTrustManager chains(List<X509Certificate> roots)
      throws GeneralSecurityException {
    @Nullable KeyStore anchors = null;
    if (!roots.isEmpty()) {
      anchors = KeyStore.getInstance("PKCS12");
      try {
        anchors.load(null, null);
      } catch (java.io.IOException impossible) {
        throw new KeyStoreEmpty(impossible);
      }
      for (int i = 0; i < roots.size(); i++) {
        anchors.setCertificateEntry("root-" + i, roots.get(i));
      }
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(anchors);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager usable) {
        return usable;
      }
    }
    throw new GeneralSecurityException("the JDK offers no trust manager for X.509");
  }

  private static final class KeyStoreEmpty extends GeneralSecurityException {
    KeyStoreEmpty(Throwable cause) {
      super("an empty key store cannot be made", cause);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    if (alternativeName == null) {
      chains.checkServerTrusted(chain, type, engine);
      return;
    }
    chains.checkServerTrusted(chain, type);
    if (!names(chain[0]).contains(alternativeName)) {
      chains.checkServerTrusted(chain, type, engine);
    }
  }

  private static List<String> names(X509Certificate certificate) throws CertificateException {
    Collection<List<?>> names = certificate.getSubjectAlternativeNames();
    if (names == null) {
      return List.of();
    }
    return names.stream()
        .filter(name -> name.getFirst().equals(DNS_NAME))
        .map(name -> String.valueOf(name.get(1)))
        .toList();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    chains.checkServerTrusted(chain, type, socket);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    chains.checkServerTrusted(chain, type);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("this side is a client: it trusts no other client");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    throw new CertificateException("this side is a client: it trusts no other client");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    throw new CertificateException("this side is a client: it trusts no other client");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return chains.getAcceptedIssuers();
  }
}
