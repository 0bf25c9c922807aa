package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Run;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What curl was answered, request by request.
 *
 * @param all in order; of requests sent at once in the order of their ends
 */
record Answers(List<Answer> all) {
  private static final Duration DEADLINE = Duration.ofSeconds(30);
  private static final String END = "#end ";

  Answers {
    all = List.copyOf(all);
  }

  /**
   * One answer.
   *
   * @param status 0 when there was none
   */
  record Answer(int status, long millis, String body) {}

  /** {@code count} requests one after the other on one connection; the URL says which is which. */
  static Answers of(Stage stage, String pod, String url, int count, String... options) {
    var command =
        new ArrayList<>(
            List.of("curl", "-s", "-m", "20", "-w", END + "%{http_code} %{time_total}\n"));
    command.addAll(List.of(options));
    command.add(count == 1 ? url : url + "?[1-" + count + "]");
    Run.Outcome said = Run.of(stage.mesh().pod(pod).enter(command)).within(DEADLINE).go();
    return read(said.out());
  }

  /** {@code count} requests at once, each on a connection of its own; their bodies are dropped. */
  static Answers atOnce(Stage stage, String pod, String url, int count) {
    return of(
        stage,
        pod,
        url,
        count,
        "-Z",
        "--parallel-immediate",
        "--parallel-max",
        Integer.toString(count),
        "-o",
        "/dev/null");
  }

  static Answers read(String said) {
    var all = new ArrayList<Answer>();
    var body = new StringBuilder();
    for (String line : said.lines().toList()) {
      int end = line.indexOf(END);
      if (end < 0) {
        body.append(line).append('\n');
        continue;
      }
      String[] words = line.substring(end + END.length()).strip().split(" ");
      body.append(line, 0, end);
      long millis = Math.round(Double.parseDouble(words[1]) * 1000);
      all.add(new Answer(Integer.parseInt(words[0]), millis, body.toString().strip()));
      body.setLength(0);
    }
    return new Answers(all);
  }

  int count() {
    return all.size();
  }

  int with(int status) {
    return (int) all.stream().filter(answer -> answer.status() == status).count();
  }

  /** Good answers that say {@code text}. */
  int saying(String text) {
    return (int)
        all.stream()
            .filter(answer -> answer.status() == 200 && answer.body().contains(text))
            .count();
  }

  /** The slowest of those with {@code status}, 0 without any. */
  long slowest(int status) {
    return all.stream()
        .filter(answer -> answer.status() == status)
        .mapToLong(Answer::millis)
        .max()
        .orElse(0);
  }

  /** The statuses in order, for a complaint. */
  String statuses() {
    return IntStream.range(0, Math.min(all.size(), 20))
            .mapToObj(i -> Integer.toString(all.get(i).status()))
            .toList()
        + (all.size() > 20 ? " …" : "");
  }
}
