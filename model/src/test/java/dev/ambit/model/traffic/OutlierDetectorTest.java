package dev.ambit.model.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.TrafficPolicy.OutlierDetection;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class OutlierDetectorTest {
  private static final OutlierDetector.Outcome ERROR = new OutlierDetector.Answered(500);
  private static final OutlierDetector.Outcome FINE = new OutlierDetector.Answered(200);
  private static final OutlierDetector.Outcome BROKEN = new OutlierDetector.LocalFailure();

  private static OutlierDetection settings(int errors, int gateway, boolean split, int percent) {
    return new OutlierDetection(
        errors, gateway, 2, split, Duration.ofSeconds(1), Duration.ofSeconds(5), percent, 0);
  }

  private static long seconds(int seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }

  private static boolean fail(OutlierDetector<String> detector, int times, long now) {
    boolean ejected = false;
    for (int i = 0; i < times; i++) {
      ejected |= detector.observe("a", ERROR, now);
    }
    return ejected;
  }

  /** Sweeps every second and says when {@code a} is back. */
  private static int back(OutlierDetector<String> detector, int from) {
    int second = from;
    while (detector.isEjected("a") && second < from + 1000) {
      detector.sweep(seconds(++second));
    }
    return second;
  }

  @Test
  @DisplayName("traffic-policy 3: three errors eject for 5 s, the second time for 10 s")
  void a_failing_endpoint_is_ejected_longer_each_time() {
    OutlierDetector<String> detector = new OutlierDetector<>(settings(3, 0, false, 100));
    detector.hosts(List.of("a", "b"));
    assertThat(fail(detector, 2, seconds(100))).isFalse();
    detector.observe("a", FINE, seconds(100));
    assertThat(fail(detector, 2, seconds(100))).as("counted anew").isFalse();
    assertThat(fail(detector, 1, seconds(100))).isTrue();
    assertThat(detector.isEjected("a")).isTrue();
    assertThat(detector.isEjected("b")).isFalse();
    assertThat(back(detector, 100)).isEqualTo(105);
    assertThat(fail(detector, 3, seconds(105))).isTrue();
    assertThat(back(detector, 105)).isEqualTo(115);
    IntStream.range(116, 130).forEach(second -> detector.sweep(seconds(second)));
    assertThat(fail(detector, 3, seconds(130))).isTrue();
    assertThat(back(detector, 130)).as("forgiven").isEqualTo(135);
  }

  @Test
  @DisplayName("traffic-policy 4: 10 percent of two is nobody, of ten one")
  void the_share_of_ejected_is_limited() {
    OutlierDetector<String> two = new OutlierDetector<>(settings(3, 0, false, 10));
    two.hosts(List.of("a", "b"));
    assertThat(fail(two, 30, 0)).isFalse();
    OutlierDetector<String> ten = new OutlierDetector<>(settings(3, 0, false, 10));
    ten.hosts(List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"));
    assertThat(fail(ten, 3, 0)).isTrue();
    boolean second = false;
    for (int i = 0; i < 9; i++) {
      second |= ten.observe("b", ERROR, 0);
    }
    assertThat(second).isFalse();
    assertThat(ten.ejected()).isEqualTo(1);
  }

  @Test
  @DisplayName("traffic-policy §5: local failures count as 503, or apart when split")
  void local_failures_count() {
    OutlierDetector<String> joined = new OutlierDetector<>(settings(0, 3, false, 100));
    joined.hosts(List.of("a"));
    assertThat(joined.observe("a", BROKEN, 0)).isFalse();
    assertThat(joined.observe("a", new OutlierDetector.Answered(502), 0)).isFalse();
    assertThat(joined.observe("a", BROKEN, 0)).isTrue();
    OutlierDetector<String> split = new OutlierDetector<>(settings(1, 1, true, 100));
    split.hosts(List.of("a"));
    assertThat(split.observe("a", BROKEN, 0)).isFalse();
    assertThat(split.observe("a", BROKEN, 0)).isTrue();
  }

  @Test
  void gateway_errors_are_off_unless_set() {
    OutlierDetector<String> detector = new OutlierDetector<>(settings(0, 0, false, 100));
    detector.hosts(List.of("a"));
    assertThat(fail(detector, 100, 0)).isFalse();
  }

  @Test
  void an_endpoint_that_went_is_forgotten() {
    OutlierDetector<String> detector = new OutlierDetector<>(settings(1, 0, false, 100));
    detector.hosts(List.of("a", "b"));
    assertThat(fail(detector, 1, 0)).isTrue();
    detector.hosts(List.of("b"));
    assertThat(detector.ejected()).isZero();
    assertThat(detector.observe("a", ERROR, 0)).isFalse();
    detector.hosts(List.of("a", "b"));
    assertThat(detector.isEjected("a")).isFalse();
  }
}
