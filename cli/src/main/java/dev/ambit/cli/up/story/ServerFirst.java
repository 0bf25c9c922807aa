package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Run;
import java.time.Instant;
import java.util.Optional;

/** Protocols in which the server speaks first would hang a proxy that waits to see what is said. */
final class ServerFirst implements Step {
  @Override
  public String name() {
    return "server-first";
  }

  @Override
  public String claim() {
    return "FTP, where the server speaks first, and redis work through the tunnels";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    String ftp = stage.ipv4(Stage.FILES);
    Instant start = Instant.now();
    try (Conversation raw = stage.talk(Stage.CLIENT, ftp, 21)) {
      Optional<String> greeting = raw.hear();
      figures.millis("greeting_ms", start, Instant.now());
      Unmet.unless(
          greeting.orElse("").startsWith("220"), "FTP greeting", greeting, "a line with 220");
    }
    String file =
        stage.inPod(Stage.CLIENT, "curl", "-s", "-m", "5", "ftp://" + ftp + "/hello.txt").out();
    Unmet.unless(file.contains("hello"), "file over FTP", file, "its content");
    figures.put("ftp_file_bytes", file.length());
    Run.Outcome redis = stage.inPod(Stage.CLIENT, "redis-cli", "-h", "cache.shop", "ping");
    Unmet.unless(redis.out().strip().equals("PONG"), "redis", redis, "PONG");
    figures.put("redis", "PONG");
  }
}
