package dev.ambit.model.hash;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongToIntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HashTest {
  @ParameterizedTest
  @CsvSource({
    "'', 0, ef46db3751d8e999",
    "a, 0, d24ec4f1a98c6e5b",
    "abc, 0, 44bc2cf5ad770999",
    "Nobody inspects the spammish repetition, 0, fbcea83c8a378bf1",
    "xxhash, 0, 32dd38952c4bc720",
    "xxhash, 20141025, b559b98d844e0635",
  })
  @DisplayName("xxHash64: published values")
  void hashes_are_the_published_ones(String text, long seed, String hash) {
    assertThat(Long.toHexString(XxHash64.of(text.getBytes(StandardCharsets.UTF_8), seed)))
        .isEqualTo(hash);
  }

  private static List<HashTarget> targets(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new HashTarget("10.0.0." + i + ":80", 1))
        .toList();
  }

  private static int[] spread(LongToIntFunction find, int count) {
    int[] counts = new int[count];
    for (int i = 0; i < 20_000; i++) {
      counts[find.applyAsInt(XxHash64.of("key-" + i))]++;
    }
    return counts;
  }

  @Test
  void a_ring_has_its_points_and_finds_the_next() {
    HashRing ring = HashRing.of(targets(10), 1024, 8 << 20);
    assertThat(ring.size()).isBetween(1024, 1040);
    for (int each : spread(hash -> ring.find(hash, 0), 10)) {
      assertThat(each).isBetween(1000, 3200);
    }
    assertThat(HashRing.of(List.of(), 1024, 2048).find(1, 0)).isEqualTo(-1);
    assertThat(HashRing.of(targets(3), 1024, 100).size()).isEqualTo(100);
  }

  @Test
  void weights_are_shares_of_a_ring_and_of_a_table() {
    List<HashTarget> targets = List.of(new HashTarget("a", 3), new HashTarget("b", 1));
    HashRing ring = HashRing.of(targets, 4096, 8 << 20);
    assertThat(spread(hash -> ring.find(hash, 0), 2)[0]).isBetween(14_000, 16_000);
    MaglevTable table = MaglevTable.of(targets, 65537);
    assertThat(spread(hash -> table.find(hash, 0), 2)[0]).isBetween(14_500, 15_500);
  }

  @Test
  void a_table_spreads_evenly() {
    MaglevTable table = MaglevTable.of(targets(10), 65537);
    for (int each : spread(hash -> table.find(hash, 0), 10)) {
      assertThat(each).isBetween(1800, 2200);
    }
    assertThat(MaglevTable.of(List.of(), 65537).find(1, 0)).isEqualTo(-1);
  }

  @Test
  void a_target_that_goes_moves_little_but_its_own_share() {
    List<HashTarget> before = targets(10);
    List<HashTarget> after = new ArrayList<>(before);
    after.removeLast();
    HashRing ring = HashRing.of(before, 1024, 8 << 20);
    HashRing smaller = HashRing.of(after, 1024, 8 << 20);
    MaglevTable table = MaglevTable.of(before, 65537);
    MaglevTable smallerTable = MaglevTable.of(after, 65537);
    int ofRing = 0;
    int ofTable = 0;
    for (int i = 0; i < 10_000; i++) {
      long hash = XxHash64.of("key-" + i);
      int old = ring.find(hash, 0);
      ofRing += old != 9 && smaller.find(hash, 0) != old ? 1 : 0;
      old = table.find(hash, 0);
      ofTable += old != 9 && smallerTable.find(hash, 0) != old ? 1 : 0;
    }
    assertThat(ofRing).isLessThan(1200);
    assertThat(ofTable).isLessThan(1500);
  }

  @Test
  void further_attempts_find_others() {
    HashRing ring = HashRing.of(targets(5), 1024, 8 << 20);
    MaglevTable table = MaglevTable.of(targets(5), 65537);
    long hash = XxHash64.of("user");
    assertThat(IntStream.range(0, 60).map(i -> ring.find(hash, i)).distinct().count()).isEqualTo(5);
    assertThat(IntStream.range(0, 60).map(i -> table.find(hash, i)).distinct().count())
        .isEqualTo(5);
  }
}
