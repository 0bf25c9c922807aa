package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Run;
import java.nio.file.Path;
import java.util.List;

/** openssl, a stranger to us, looks at port 15008 of two pods, and is refused without identity. */
final class IdentityVerified implements Step {
  @Override
  public String name() {
    return "identity-verified";
  }

  @Override
  public String claim() {
    return "each pod proves its service account; callers without a certificate of the mesh are"
        + " refused";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    stage.first = shows(stage, Stage.WEB_B, "spiffe://cluster.local/ns/shop/sa/web");
    shows(stage, Stage.CACHE, "spiffe://cluster.local/ns/shop/sa/cache");
    figures.put("identity", "spiffe://cluster.local/ns/shop/sa/web");
    figures.put("verified_by_openssl", true);
    refused(stage, "no certificate", List.of());
    figures.put("refused_without_certificate", true);
    refused(stage, "a stranger's certificate", stranger(stage));
    figures.put("refused_with_foreign_ca", true);
  }

  private static ShownCertificate shows(Stage stage, String pod, String identity) throws Unmet {
    ShownCertificate shown = ShownCertificate.of(stage, Stage.OUTSIDER, stage.ipv4(pod));
    Unmet.unless(shown.identities().equals(List.of(identity)), pod, shown.identities(), identity);
    Unmet.unless(shown.verified(), pod + "'s chain", shown.said(), "verify return code 0");
    return shown;
  }

  private static void refused(Stage stage, String what, List<String> options) throws Unmet {
    Run.Outcome outcome =
        ShownCertificate.shake(stage, Stage.OUTSIDER, stage.ipv4(Stage.WEB_B), options);
    String said = outcome.out() + outcome.err();
    Unmet.unless(
        said.contains(" alert "), "handshake with " + what, said.strip(), "an alert of the server");
  }

  /** A certificate that claims the client's identity, signed by nobody the mesh knows. */
  private static List<String> stranger(Stage stage) {
    Path folder = stage.mesh().settings().state().resolve("tmp");
    String key = folder.resolve("stranger.key").toString();
    String certificate = folder.resolve("stranger.pem").toString();
    Run.of(
            List.of(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "1",
                "-subj",
                "/O=stranger",
                "-addext",
                "subjectAltName=URI:spiffe://cluster.local/ns/shop/sa/client",
                "-keyout",
                key,
                "-out",
                certificate))
        .must();
    return List.of("-cert", certificate, "-key", key);
  }
}
