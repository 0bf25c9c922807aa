package dev.ambit.ztunnel.pod;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.ztunnel.pod.RosterRule.Known;
import dev.ambit.ztunnel.pod.RosterRule.Session;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The table of cni-socket §4.1. */
final class RosterRuleTest {
  private static final ZdsMessage.Info INFO = new ZdsMessage.Info("ns", "n", "sa");
  private static final ZdsMessage ADD = new ZdsMessage.Add("u", Optional.of(INFO));
  private static final ZdsMessage BARE = new ZdsMessage.Add("u", Optional.empty());
  private static final ZdsMessage KEEP = new ZdsMessage.Keep("u");
  private static final ZdsMessage DEL = new ZdsMessage.Del("u", Duration.ofSeconds(3));
  private static final ZdsMessage SENT = new ZdsMessage.SnapshotSent();

  private static final Session NEW = Session.NEW;
  private static final Session NAMED = new Session(Set.of("u"), false);
  private static final Session COMPLETE = new Session(Set.of(), true);

  /** One row: what is so, what is said, what follows. */
  record Row(
      Session session, Known known, ZdsMessage message, Session next, RosterRule.Action action) {}

  static final List<Row> ROWS =
      List.of(
          new Row(NEW, Known.NOT, ADD, NAMED, new RosterRule.Start(INFO)),
          new Row(NEW, Known.PENDING, ADD, NAMED, new RosterRule.Start(INFO)),
          new Row(NEW, Known.HERE, ADD, NAMED, new RosterRule.Nothing()),
          new Row(NEW, Known.ELSEWHERE, ADD, NAMED, new RosterRule.Replace(INFO)),
          new Row(COMPLETE, Known.NOT, ADD, COMPLETE, new RosterRule.Start(INFO)),
          new Row(
              NEW,
              Known.NOT,
              BARE,
              NEW,
              new RosterRule.Violation("add of u without workload_info")),
          new Row(NEW, Known.NOT, KEEP, NAMED, new RosterRule.Nothing()),
          new Row(
              COMPLETE,
              Known.NOT,
              KEEP,
              COMPLETE,
              new RosterRule.Violation("keep after the snapshot was sent")),
          new Row(NAMED, Known.NOT, DEL, NEW, new RosterRule.Forget()),
          new Row(COMPLETE, Known.NOT, DEL, COMPLETE, new RosterRule.Stop(Duration.ofSeconds(3))),
          new Row(NAMED, Known.NOT, SENT, COMPLETE, new RosterRule.StopAll(Set.of("other"))),
          new Row(NEW, Known.NOT, SENT, COMPLETE, new RosterRule.StopAll(Set.of("other", "u"))),
          new Row(
              COMPLETE,
              Known.NOT,
              SENT,
              COMPLETE,
              new RosterRule.Violation("a second snapshot sent")));

  @ParameterizedTest(name = "cni-socket §4.1: {0}")
  @FieldSource("ROWS")
  @DisplayName("what a message means follows the table")
  void follows_the_table(Row row) {
    assertThat(RosterRule.step(row.session, Set.of("u", "other"), row.known, row.message))
        .isEqualTo(new RosterRule.Step(row.next, row.action));
  }
}
