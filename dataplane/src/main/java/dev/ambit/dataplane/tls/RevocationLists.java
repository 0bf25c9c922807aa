package dev.ambit.dataplane.tls;

import dev.ambit.daemon.Log;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CRL;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The certificate revocation lists of one file, PEM or DER (spec: hbone §11). The file may come
 * later, change, or be replaced by a link; while it is missing or cannot be read, the last good
 * lists hold. A list counts for certificates of the issuer that signed it, also when it is out of
 * date. {@link #refresh} belongs to one thread; everything else is thread-safe.
 */
public final class RevocationLists {
  private static final Log LOG = Log.scope("crl");

  /** Lists of a mesh are small; a larger file is a mistake. */
  private static final long MOST_BYTES = 16 << 20;

  private final @Nullable Path file;
  private volatile List<X509CRL> lists = List.of();
  private byte[] read = {};
  private boolean complained;

  private final LongAdder refusedClients = new LongAdder();
  private final LongAdder refusedServers = new LongAdder();

  private RevocationLists(@Nullable Path file) {
    this.file = file;
  }

  /** Nothing is ever revoked. */
  public static RevocationLists none() {
    return new RevocationLists(null);
  }

  /** The lists in {@code file}, not read yet. */
  public static RevocationLists in(Path file) {
    return new RevocationLists(file);
  }

  /** Whether there can be any. */
  boolean watched() {
    return file != null;
  }

  /** Reads the file if it has changed; whether other lists than before hold now. */
  public boolean refresh() {
    if (file == null) {
      return false;
    }
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new IOException("got over " + MOST_BYTES + " bytes, expected revocation lists");
      }
      byte[] bytes = Files.readAllBytes(file);
      if (Arrays.equals(bytes, read)) {
        return false;
      }
      List<X509CRL> parsed = parse(bytes);
      read = bytes;
      lists = parsed;
      complained = false;
      tell(parsed);
      return true;
    } catch (NoSuchFileException absent) {
      complain("no file");
    } catch (IOException | GeneralSecurityException unusable) {
      complain(String.valueOf(unusable.getMessage()));
    }
    return false;
  }

  private void complain(String why) {
    if (!complained) {
      complained = true;
      LOG.warn("revocation lists stay as they were", "file", String.valueOf(file), "error", why);
    }
  }

  private void tell(List<X509CRL> parsed) {
    LOG.info("revocation lists read", "file", String.valueOf(file), "lists", parsed.size());
    Date now = Date.from(Instant.now());
    for (X509CRL list : parsed) {
      if (list.getNextUpdate() != null && list.getNextUpdate().before(now)) {
        LOG.warn(
            "revocation list is out of date, and still used",
            "issuer",
            list.getIssuerX500Principal().getName(),
            "next_update",
            list.getNextUpdate().toInstant().toString());
      }
    }
  }

  private static List<X509CRL> parse(byte[] bytes) throws CertificateException, CRLException {
    List<X509CRL> parsed = new ArrayList<>();
    if (bytes.length > 0) {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (CRL list : factory.generateCRLs(new ByteArrayInputStream(bytes))) {
        parsed.add((X509CRL) list);
      }
      if (parsed.isEmpty()) {
        throw new CRLException("got no revocation list, expected PEM or DER");
      }
    }
    return List.copyOf(parsed);
  }

  /**
   * The first certificate of {@code chain} that is revoked; null when none is known to be.
   *
   * @param roots the trust anchors that may have signed a list
   */
  public @Nullable X509Certificate revoked(
      List<X509Certificate> chain, Collection<X509Certificate> roots) {
    List<X509CRL> current = lists;
    if (current.isEmpty()) {
      return null;
    }
    List<X509Certificate> issuers = new ArrayList<>(chain);
    issuers.addAll(roots);
    for (X509Certificate certificate : chain) {
      for (X509CRL list : current) {
        if (list.getIssuerX500Principal().equals(certificate.getIssuerX500Principal())
            && list.getRevokedCertificate(certificate.getSerialNumber()) != null
            && signed(list, issuers)) {
          return certificate;
        }
      }
    }
    return null;
  }

  private static boolean signed(X509CRL list, List<X509Certificate> issuers) {
    for (X509Certificate issuer : issuers) {
      if (issuer.getSubjectX500Principal().equals(list.getIssuerX500Principal())) {
        try {
          list.verify(issuer.getPublicKey());
          return true;
        } catch (GeneralSecurityException otherKey) {
          // Another certificate of the same name may have signed it.
        }
      }
    }
    return false;
  }

  /** Handshakes refused and connections cut so far whose peer was the client, or the server. */
  public long refused(boolean clients) {
    return (clients ? refusedClients : refusedServers).sum();
  }

  void count(boolean client) {
    (client ? refusedClients : refusedServers).increment();
  }

  /** The peer of a connection was revoked while it was open, or before. */
  public static final class Revoked extends RuntimeException {
    Revoked() {
      super("connection closed: peer certificate revoked by CRL", null, false, false);
    }
  }
}
