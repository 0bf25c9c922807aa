package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/** A certificate is replaced before it ends, under a connection that was made with the old one. */
final class CertificateRenewed implements Step {
  private static final Duration LIMIT = Story.CERTIFICATE_LIFE.plusSeconds(5);

  @Override
  public String name() {
    return "certificate-renewed";
  }

  @Override
  public String claim() {
    return "certificates are renewed in time; open connections do not notice";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    ShownCertificate first = Objects.requireNonNull(stage.first, "no certificate from before");
    BigInteger old = first.leaf().getSerialNumber();
    String web = stage.ipv4(Stage.WEB_B);
    boolean renewed =
        Await.until(
            LIMIT,
            () ->
                !ShownCertificate.of(stage, Stage.OUTSIDER, web)
                    .leaf()
                    .getSerialNumber()
                    .equals(old));
    Unmet.unless(renewed, "serial of web-b", first.serial(), "another one");
    ShownCertificate next = ShownCertificate.of(stage, Stage.OUTSIDER, web);
    Instant end = first.leaf().getNotAfter().toInstant();
    Instant seen = Instant.now();
    figures.put("first_serial", first.serial());
    figures.put("next_serial", next.serial());
    figures.put("seconds_before_expiry", Duration.between(seen, end).toSeconds());
    Unmet.unless(seen.isBefore(end), "next certificate seen", seen, "before " + end);
    Unmet.unless(next.verified(), "next chain", next.said(), "verify return code 0");
    Conversation lasting = Objects.requireNonNull(stage.lasting, "no open connection");
    String answer = lasting.ask("after the renewal");
    Unmet.unless(answer.equals("after the renewal"), "open connection", answer, "an echo");
    figures.put("open_connection_goes_on", true);
  }
}
