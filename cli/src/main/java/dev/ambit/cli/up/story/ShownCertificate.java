package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Run;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a pod's port 15008 shows to {@code openssl s_client}, which has no certificate itself.
 *
 * @param verified whether openssl found the chain good against the mesh's root
 * @param said everything openssl said, the server's alert among it
 */
record ShownCertificate(X509Certificate leaf, boolean verified, String said) {
  private static final Pattern PEM =
      Pattern.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", Pattern.DOTALL);
  private static final int URI = 6;

  /** Asks {@code address} from inside {@code from}. */
  static ShownCertificate of(Stage stage, String from, String address) throws Unmet {
    String root = stage.mesh().settings().rootCertificate().toString();
    Run.Outcome outcome = shake(stage, from, address, List.of("-showcerts", "-CAfile", root));
    String said = outcome.out() + outcome.err();
    Matcher pem = PEM.matcher(said);
    Unmet.unless(pem.find(), "openssl s_client to " + address, said, "a certificate");
    try {
      byte[] bytes = pem.group().getBytes(StandardCharsets.US_ASCII);
      var leaf =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(bytes));
      return new ShownCertificate(leaf, said.contains("Verify return code: 0 (ok)"), said);
    } catch (CertificateException e) {
      throw new Unmet("certificate of " + address, e, "one that can be read");
    }
  }

  /** One TLS handshake, from the namespace of {@code from} but with this machine's files. */
  static Run.Outcome shake(Stage stage, String from, String address, List<String> options) {
    var command = new java.util.ArrayList<>(List.of("timeout", "3", "openssl", "s_client"));
    String host = address.contains(":") ? "[" + address + "]" : address;
    command.addAll(List.of("-connect", host + ":" + Stage.TUNNEL_PORT));
    command.addAll(List.of("-alpn", "h2", "-ign_eof"));
    command.addAll(options);
    return Run.of(command).inNamespace(stage.mesh().pod(from).network()).go();
  }

  /** The URIs of the subject alternative name. */
  List<String> identities() {
    try {
      var names = leaf.getSubjectAlternativeNames();
      return Objects.requireNonNullElse(names, List.<List<?>>of()).stream()
          .filter(name -> Objects.equals(name.get(0), URI))
          .map(name -> String.valueOf(name.get(1)))
          .toList();
    } catch (CertificateException e) {
      return List.of();
    }
  }

  String serial() {
    return leaf.getSerialNumber().toString(16);
  }
}
