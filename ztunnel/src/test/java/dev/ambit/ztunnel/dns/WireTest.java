package dev.ambit.ztunnel.dns;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.ztunnel.dns.Query.Question;
import dev.ambit.ztunnel.dns.Wire.Malformed;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages as hostile or broken peers send them. */
final class WireTest {
  private static final int ROUNDS = 100_000;

  /** Changes a few bytes, and now and then the length. */
  private static byte[] spoiled(byte[] message, SplittableRandom random) {
    byte[] spoiled =
        random.nextInt(4) == 0
            ? Arrays.copyOf(message, random.nextInt(message.length + 8))
            : message.clone();
    for (int i = random.nextInt(4); i >= 0 && spoiled.length > 0; i--) {
      spoiled[random.nextInt(spoiled.length)] = (byte) random.nextInt(256);
    }
    return spoiled;
  }

  @Test
  void no_query_is_too_strange_to_be_read() {
    SplittableRandom random = new SplittableRandom(1);
    byte[] query = TestMessage.query(1, 0x0100, "productpage.ns1", TestMessage.A, 1232, true);
    int questions = 0;
    for (int i = 0; i < ROUNDS; i++) {
      if (Query.read(spoiled(query, random)) instanceof Question question) {
        questions++;
        // What we ask in its place can be read again, and is about the same.
        Question again = (Question) Query.read(question.asked(2));
        assertThat(again.name()).isEqualTo(question.name());
        assertThat(again.question()).isEqualTo(question.question());
      }
    }
    assertThat(questions).isBetween(ROUNDS / 100, ROUNDS);
  }

  @ParameterizedTest(name = "as {0} bytes")
  @ValueSource(ints = {512, 1232, 65_535})
  void what_is_passed_on_of_a_strange_answer_is_whole(int largest) {
    SplittableRandom random = new SplittableRandom(2);
    byte[] query = TestMessage.query(1, 0x0100, "large.com", TestMessage.A, 1232, true);
    Question question = (Question) Query.read(query);
    byte[] answer = TestMessage.answer(query, 0x8180, TestNameServer.LARGE.subList(0, 60), 0);
    int passed = 0;
    for (int i = 0; i < ROUNDS; i++) {
      try {
        byte[] reply = Replies.forwarded(question, spoiled(answer, random), largest);
        passed++;
        assertThat(reply.length).isLessThanOrEqualTo(largest);
        // The records, stepped over as a client does, fill the message.
        int at = Wire.HEADER + question.question().length;
        int records = Wire.number(reply, 6) + Wire.number(reply, 8) + Wire.number(reply, 10);
        for (int record = 0; record < records; record++) {
          at = Wire.Entry.at(reply, at).end();
        }
        assertThat(at).isEqualTo(reply.length);
      } catch (Malformed expected) {
        // It is answered with SERVFAIL.
      }
    }
    assertThat(passed).isBetween(ROUNDS / 100, ROUNDS);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void an_answer_that_is_none_is_refused(int of) {
    byte[] query = TestMessage.query(1, "a.example", TestMessage.A);
    byte[] other = TestMessage.query(1, "b.example", TestMessage.A);
    Question question = (Question) Query.read(query);
    byte[] answer =
        switch (of) {
          case 0 -> query;
          case 1 -> TestMessage.answer(other, 0x8180, List.of("192.0.2.1"), 0);
          default -> new byte[11];
        };
    assertThat(Replies.answers(question, answer)).isFalse();
  }
}
