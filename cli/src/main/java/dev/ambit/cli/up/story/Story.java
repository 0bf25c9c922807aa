package dev.ambit.cli.up.story;

import dev.ambit.cli.up.mesh.Mesh;
import dev.ambit.cli.up.report.Report;
import dev.ambit.cli.up.report.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The claims of the mesh in the order they are told; each goes on where the last one left off. */
public final class Story {
  /** Short, so that a renewal happens while the story runs. */
  static final Duration CERTIFICATE_LIFE = Duration.ofSeconds(30);

  private static final List<Step> STEPS =
      List.of(
          new EnrolLive(),
          new OpenConnectionSurvives(),
          new EncryptedOnTheWire(),
          new SourceIpKept(),
          new IdentityVerified(),
          new ServerFirst(),
          new DnsAnswered(),
          new PolicyDeny(),
          new PolicyCutsOpen(),
          new WhyExplains(),
          new PlaintextInterop(),
          new StrictRefuses(),
          new ControllerDown(),
          new CertificateRenewed(),
          new ZtunnelKilled(),
          new WaypointUp(),
          new CanaryShare(),
          new HeaderSplit(),
          new Mirrored(),
          new Retried(),
          new TimedOut(),
          new BreakerFailsFast(),
          new EndpointEjected(),
          new PathDenied(),
          new JwtRequired(),
          new TraceJoined(),
          new WaypointReplaced(),
          new UnenrolLive());

  private Story() {}

  /** What the story needs every ztunnel to be told. */
  public static Map<String, String> ztunnelSettings() {
    return Map.of("SECRET_TTL", CERTIFICATE_LIFE.toSeconds() + "s");
  }

  /** Tells the story to its end, whatever fails on the way. */
  public static List<StepResult> run(Mesh mesh, Scratch manifests, Report report) {
    var results = new ArrayList<StepResult>();
    try (var stage = new Stage(mesh, manifests)) {
      for (Step step : STEPS) {
        report.begin(step.name(), step.claim());
        StepResult result = run(step, stage);
        report.step(result);
        results.add(result);
      }
    }
    return results;
  }

  private static StepResult run(Step step, Stage stage) {
    var figures = new Figures();
    Instant start = Instant.now();
    String trouble = "";
    try {
      step.check(stage, figures);
    } catch (Unmet e) {
      trouble = String.valueOf(e.getMessage());
    } catch (Exception e) {
      trouble = step.name() + ": got " + e + " at " + e.getStackTrace()[0] + ", expected no error";
    }
    Duration took = Duration.between(start, Instant.now());
    return new StepResult(step.name(), step.claim(), figures.all(), trouble, took);
  }
}
