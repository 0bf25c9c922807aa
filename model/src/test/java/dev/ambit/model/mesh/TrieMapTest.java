package dev.ambit.model.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TrieMapTest {
  /** A key whose hash codes collide as often as {@code distinct} says. */
  private record Key(int id, int distinct) {
    @Override
    public int hashCode() {
      return id % distinct;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 40, 5_000})
  void is_a_hash_map_that_keeps_its_past(int distinct) {
    Random random = new Random(distinct);
    Map<Key, Integer> expected = new HashMap<>();
    TrieMap<Key, Integer> actual = TrieMap.empty();
    Map<Key, Integer> before = Map.of();
    TrieMap<Key, Integer> past = actual;
    for (int step = 0; step < 20_000; step++) {
      Key key = new Key(random.nextInt(distinct < 10 ? 60 : 3_000), distinct);
      if (random.nextInt(5) < 3) {
        expected.put(key, step);
        actual = actual.with(key, step);
      } else {
        expected.remove(key);
        actual = actual.without(key);
      }
      assertThat(actual.size()).isEqualTo(expected.size());
      assertThat(actual.get(key)).isEqualTo(expected.get(key));
      if (step % 2_500 == 0) {
        assertSame(past, before);
        before = Map.copyOf(expected);
        past = actual;
      }
    }
    assertSame(past, before);
    assertSame(actual, expected);
  }

  private static void assertSame(TrieMap<Key, Integer> actual, Map<Key, Integer> expected) {
    Map<Key, Integer> seen = new HashMap<>();
    actual.forEach((key, value) -> assertThat(seen.put(key, value)).isNull());
    assertThat(seen).isEqualTo(expected);
    assertThat(actual.values()).containsExactlyInAnyOrderElementsOf(expected.values());
    expected.forEach((key, value) -> assertThat(actual.get(key)).isEqualTo(value));
  }

  @Test
  void is_itself_when_nothing_changes() {
    String value = "v";
    TrieMap<String, String> map = TrieMap.<String, String>empty().with("k", value);
    assertThat(map.with("k", value)).isSameAs(map);
    assertThat(map.without("other")).isSameAs(map);
    assertThat(map.without("k")).isSameAs(TrieMap.empty());
    assertThat(map.get("other", "none")).isEqualTo("none");
  }

  @Test
  void ends_its_walk() {
    var walk = TrieMap.<String, String>empty().values().iterator();
    assertThat(walk.hasNext()).isFalse();
    assertThat(org.assertj.core.api.Assertions.catchThrowable(walk::next))
        .isInstanceOf(java.util.NoSuchElementException.class);
  }
}
