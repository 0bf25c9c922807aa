package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A trace that the client began. */
final class TraceJoined implements Step {
  @Override
  public String name() {
    return "trace-joined";
  }

  @Override
  public String claim() {
    return "the waypoint joins the trace of its caller and hands it on";
  }

  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String SPAN = "b7ad6b7169203331";
  private static final Pattern SEEN =
      Pattern.compile("trace=00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2}) id=(\\S+)");

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    String path = "/trace";
    Answers joined =
        Answers.of(
            stage,
            Stage.CLIENT,
            Market.URL + path,
            1,
            "-H",
            "traceparent: 00-" + TRACE + "-" + SPAN + "-01");
    Unmet.unless(joined.with(200) == 1, "request", joined.statuses(), "200");
    Matcher seen = seen(stage, path);
    figures.put("trace", seen.group(1));
    figures.put("span", seen.group(2));
    figures.put("request_id", seen.group(4));
    Unmet.unless(seen.group(1).equals(TRACE), "trace at the server", seen.group(1), TRACE);
    Unmet.unless(
        !seen.group(2).equals(SPAN), "parent at the server", SPAN, "a span of the waypoint");
    Unmet.unless(seen.group(3).equals("01"), "sampled flag", seen.group(3), "01, as it came");
    Unmet.unless(
        seen.group(4).matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        "x-request-id at the server",
        seen.group(4),
        "a UUID");
  }

  private static Matcher seen(Stage stage, String path) throws Unmet, IOException {
    Await.until(Duration.ofSeconds(2), () -> !lines(stage, path).isEmpty());
    List<String> lines = lines(stage, path);
    Matcher matcher = SEEN.matcher(String.join("\n", lines));
    Unmet.unless(lines.size() == 1 && matcher.find(), "server", lines, "one request with a trace");
    return matcher;
  }

  private static List<String> lines(Stage stage, String path) throws IOException {
    List<String> all = new ArrayList<>(Market.seen(stage, Market.V1, path));
    all.addAll(Market.seen(stage, Market.V2, path));
    return all;
  }
}
