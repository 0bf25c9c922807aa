package dev.ambit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.daemon.AdminServer.Reply;
import dev.ambit.daemon.AdminServer.Request;
import dev.ambit.daemon.Log.Level;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogTest {
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final Runnable unfollow = Log.follow(lines::add);

  @AfterEach
  void restore() {
    unfollow.run();
    Log.apply(LogFilter.INFO);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "debug|DEBUG|DEBUG|DEBUG",
        "access=off,dns=trace|INFO|OFF|TRACE",
        "warn,access:debug|WARN|DEBUG|WARN",
        "dns::forward=debug|INFO|INFO|INFO",
        "access=off,access=error, off|OFF|ERROR|OFF"
      })
  void levels_are_those_of_rust_log(String text, Level other, Level access, Level dns) {
    LogFilter filter = LogFilter.INFO.with(text);

    assertThat(filter.level("xds")).isEqualTo(other);
    assertThat(filter.level("access")).isEqualTo(access);
    assertThat(filter.level("dns")).isEqualTo(dns);
  }

  @Test
  void a_target_covers_what_is_below_it_and_the_longest_wins() {
    LogFilter filter = LogFilter.INFO.with("ztunnel=debug,ztunnel::proxy::inbound=trace");

    assertThat(filter.level("ztunnel.pod")).isEqualTo(Level.DEBUG);
    assertThat(filter.level("ztunnel::proxy::inbound")).isEqualTo(Level.TRACE);
    assertThat(filter.level("ztunnelling")).isEqualTo(Level.INFO);
  }

  @ParameterizedTest
  @ValueSource(strings = {"loud", "access=", "=debug", "a=b=c", ",", "info,,debug", "access"})
  void bad_levels_are_refused(String text) {
    assertThatThrownBy(() -> LogFilter.INFO.with(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(text);
  }

  @Test
  void a_scope_logs_from_its_level_on() {
    Log log = Log.scope("log-test");
    log.debug("no");
    log.info("yes", "key", "value");
    Log.apply(LogFilter.INFO.with("log-test=error"));
    log.warn("no");
    Log.apply(LogFilter.INFO.with("log-test=off"));
    log.error("no");

    assertThat(lines).hasSize(1).first().asString().endsWith("\tyes\tkey=\"value\"");
  }

  @Test
  @DisplayName("ztunnel-observability 14: POST /logging changes levels while running")
  void the_page_changes_levels() throws Exception {
    Log log = Log.scope("access");

    assertThat(post(Map.of("level", List.of("debug"))).status()).isEqualTo(200);
    assertThat(log.enabled(Level.DEBUG)).isTrue();

    Reply changed = post(Map.of("level", List.of("access=off,dns:trace")));
    assertThat(changed.status()).isEqualTo(200);
    assertThat(text(changed)).isEqualTo("current log level is access=off,dns=trace,debug\n");
    assertThat(log.enabled(Level.ERROR)).isFalse();

    assertThat(text(post(Map.of()))).isEqualTo(text(changed));
    Reply reset = post(Map.of("level", List.of("xds=warn"), "reset", List.of("")));
    assertThat(text(reset)).isEqualTo("current log level is xds=warn,info\n");
    assertThat(text(post(Map.of("reset", List.of(""))))).isEqualTo("current log level is info\n");

    Reply invalid = post(Map.of("level", List.of("loud")));
    assertThat(invalid.status()).isEqualTo(400);
    assertThat(text(invalid)).startsWith("Invalid level provided: loud\nusage: POST /logging");
    Reply get = Log.page().answer(new Request("GET", "/logging", Map.of(), Map.of()));
    assertThat(get.status()).isEqualTo(405);
  }

  @Test
  void lines_of_java_util_logging_look_the_same() {
    LogBridge.install();
    Logger library = Logger.getLogger("io.netty.test");
    library.info("from a library");
    library.fine("no");
    Log.apply(LogFilter.INFO.with("debug"));
    library.fine("not by the level for all");
    Log.apply(LogFilter.INFO.with("io.netty=debug"));
    library.fine("named");
    library.log(java.util.logging.Level.WARNING, "got {0}", 7);

    assertThat(lines)
        .map(line -> line.substring(line.indexOf('\t')))
        .containsExactly(
            "\tinfo\tio.netty.test\tfrom a library",
            "\tdebug\tio.netty.test\tnamed",
            "\twarn\tio.netty.test\tgot 7");
  }

  @Test
  void settings_of_the_log_are_checked() {
    Settings settings = new Settings(Map.of("RUST_LOG", "loud", "LOG_FORMAT", "xml"));
    Log.configure(settings);

    assertThatThrownBy(settings::finish)
        .hasMessageContaining("LOG_FORMAT: got xml, expected one of plain, json")
        .hasMessageContaining("RUST_LOG: got loud, expected level or target=level");
  }

  @Test
  void the_writer_writes_all_in_order() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LogWriter writer = new LogWriter(new PrintStream(out, true));
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < 10_000; i++) {
      writer.offer("line " + i);
      expected.append("line ").append(i).append('\n');
    }
    writer.flush(Duration.ofSeconds(10));

    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(expected.toString());
    assertThat(writer.dropped()).isZero();
  }

  @Test
  void a_reader_that_stalls_costs_lines_but_never_time() throws Exception {
    CountDownLatch stalled = new CountDownLatch(1);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    OutputStream stalling =
        new OutputStream() {
          @Override
          public void write(int b) {
            throw new UnsupportedOperationException();
          }

          @Override
          public void write(byte[] bytes, int from, int count) {
            try {
              stalled.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            out.write(bytes, from, count);
          }
        };
    LogWriter writer = new LogWriter(new PrintStream(stalling, false));
    String line = "x".repeat(1000);
    for (int i = 0; i < 10_000; i++) {
      writer.offer(line);
    }
    assertThat(writer.dropped()).isBetween(5_000L, 6_000L);

    stalled.countDown();
    writer.flush(Duration.ofSeconds(10));
    assertThat(out.toString(StandardCharsets.UTF_8).lines())
        .filteredOn(line::equals)
        .hasSize(10_000 - (int) writer.dropped());
    writer.offer("last");
    writer.flush(Duration.ofSeconds(10));
    // Each line says what was lost since the one before.
    String told = "\twarn\tlog\tlines dropped\tlines=";
    long lost =
        out.toString(StandardCharsets.UTF_8)
            .lines()
            .filter(each -> each.contains(told))
            .mapToLong(each -> Long.parseLong(each.substring(each.indexOf(told) + told.length())))
            .sum();
    assertThat(lost).isEqualTo(writer.dropped());
  }

  private static Reply post(Map<String, List<String>> query) throws Exception {
    return Log.page().answer(new Request("POST", "/logging", query, Map.of()));
  }

  private static String text(Reply reply) {
    return new String(reply.body(), StandardCharsets.UTF_8);
  }
}
