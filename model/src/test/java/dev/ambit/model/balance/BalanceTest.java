package dev.ambit.model.balance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class BalanceTest {
  private static int[] turns(RoundRobin robin, int count, int times) {
    int[] counts = new int[count];
    for (int i = 0; i < times; i++) {
      counts[robin.next(_ -> true)]++;
    }
    return counts;
  }

  @Test
  @DisplayName("traffic-policy §3: equal weights take turns")
  void equal_endpoints_take_turns() {
    RoundRobin robin = new RoundRobin(3, _ -> 1, new Random(1));
    assertThat(turns(robin, 3, 300)).containsExactly(100, 100, 100);
    int first = robin.next(_ -> true);
    assertThat(robin.next(_ -> true)).isEqualTo((first + 1) % 3);
  }

  @Test
  @DisplayName("traffic-policy 20: weights 90 and 10 are shares, idle least request too")
  void weights_are_shares() {
    int[] weights = {90, 10};
    assertThat(turns(new RoundRobin(2, i -> weights[i], new Random(2)), 2, 1000)[0])
        .isBetween(895, 905);
    RoundRobin idle =
        new RoundRobin(2, i -> LeastRequest.effectiveWeight(weights[i], 0), new Random(3));
    assertThat(turns(idle, 2, 1000)[0]).isBetween(895, 905);
    assertThat(LeastRequest.effectiveWeight(90, 8)).isEqualTo(10);
  }

  @Test
  void what_cannot_be_used_is_passed_over() {
    int[] weights = {1_000_000, 1};
    RoundRobin robin = new RoundRobin(2, i -> weights[i], new Random(4));
    for (int i = 0; i < 10; i++) {
      assertThat(robin.next(endpoint -> endpoint == 1)).isEqualTo(1);
    }
    assertThat(robin.next(_ -> false)).isEqualTo(-1);
    assertThat(new RoundRobin(0, _ -> 1, new Random(1)).next(_ -> true)).isEqualTo(-1);
  }

  @Test
  @DisplayName("traffic-policy 1: two equal endpoints get half each; the busy one gets none")
  void the_less_busy_of_two_is_chosen() {
    Random random = new Random(5);
    int[] both = {4, 7};
    int first = 0;
    for (int i = 0; i < 1000; i++) {
      first += LeastRequest.choose(both, _ -> 0, random) == 0 ? 1 : 0;
      assertThat(LeastRequest.choose(both, e -> e == 4 ? 3 : 2, random)).isEqualTo(1);
    }
    assertThat(first).isBetween(440, 560);
    assertThat(LeastRequest.choose(new int[0], _ -> 0, random)).isEqualTo(-1);
    assertThat(LeastRequest.choose(new int[] {9}, _ -> 0, random)).isZero();
  }
}
