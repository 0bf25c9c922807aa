package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A trace that the client began, at the server and at a collector. */
final class TraceJoined implements Step {
  @Override
  public String name() {
    return "trace-joined";
  }

  @Override
  public String claim() {
    return "caller, waypoint and server are one trace, and a collector has the waypoint's span";
  }

  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String UNSAMPLED = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String SPAN = "b7ad6b7169203331";
  private static final String COLLECTOR = "observability/collector";
  private static final Pattern SEEN =
      Pattern.compile("trace=00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2}) id=(\\S+)");

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Instant start = Instant.now();
    stage.manifests().add("tracing.yaml");
    try {
      boolean acts = Await.until(Market.LIMIT, () -> traced(stage));
      figures.millis("acts_after_ms", start, Instant.now());
      Unmet.unless(acts, "parent at the server", SPAN, "a span of the waypoint");
      Matcher server = sent(stage, "/trace", TRACE, "01");
      figures.put("trace", server.group(1));
      figures.put("request_id", server.group(4));
      Unmet.unless(server.group(1).equals(TRACE), "trace at the server", server.group(1), TRACE);
      Unmet.unless(server.group(3).equals("01"), "sampled flag", server.group(3), "01, as it came");
      Unmet.unless(
          server.group(4).matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
          "x-request-id at the server",
          server.group(4),
          "a UUID");
      Instant sent = Instant.now();
      Await.until(Market.LIMIT, () -> !collected(stage, TRACE).isEmpty());
      figures.millis("collected_after_ms", sent, Instant.now());
      List<Spans.Seen> spans = collected(stage, TRACE);
      figures.put("spans", spans.size());
      Unmet.unless(spans.size() == 1, "spans at the collector", spans, "one of the waypoint");
      Spans.Seen span = spans.getFirst();
      figures.put("span", span.span());
      Unmet.unless(span.parent().equals(SPAN), "parent of the span", span, "the caller's " + SPAN);
      Unmet.unless(
          span.span().equals(server.group(2)),
          "parent at the server",
          server.group(2),
          span.span());
      List<Spans.Seen> unsampled = collected(stage, UNSAMPLED);
      Unmet.unless(unsampled.isEmpty(), "spans of unsampled requests", unsampled, "none");
    } finally {
      stage.manifests().remove("tracing.yaml");
    }
  }

  /** Whether the waypoint takes part in a trace that nobody is to keep. */
  private static boolean traced(Stage stage) throws Exception {
    return !sent(stage, "/untraced-" + System.nanoTime(), UNSAMPLED, "00").group(2).equals(SPAN);
  }

  /** Sends one request; what its server saw. */
  private static Matcher sent(Stage stage, String path, String trace, String flags)
      throws Exception {
    String header = "traceparent: 00-" + trace + "-" + SPAN + "-" + flags;
    Answers answers = Answers.of(stage, Stage.CLIENT, Market.URL + path, 1, "-H", header);
    Unmet.unless(answers.with(200) == 1, "request", answers.statuses(), "200");
    Await.until(Duration.ofSeconds(2), () -> !lines(stage, path).isEmpty());
    List<String> lines = lines(stage, path);
    Matcher matcher = SEEN.matcher(String.join("\n", lines));
    Unmet.unless(lines.size() == 1 && matcher.find(), "server", lines, "one request with a trace");
    return matcher;
  }

  private static List<Spans.Seen> collected(Stage stage, String trace) throws IOException {
    return Spans.of(stage.log(COLLECTOR.replace('/', '.') + ".nginx"), trace);
  }

  private static List<String> lines(Stage stage, String path) throws IOException {
    List<String> all = new ArrayList<>(Market.seen(stage, Market.V1, path));
    all.addAll(Market.seen(stage, Market.V2, path));
    return all;
  }
}
