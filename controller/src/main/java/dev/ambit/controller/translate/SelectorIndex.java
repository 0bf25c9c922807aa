package dev.ambit.controller.translate;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Which of many label selectors match a set of labels, in time proportional to the labels. Each
 * selector is filed under one of its terms. Empty selectors match nothing. Immutable once built.
 */
final class SelectorIndex<T> {
  private final Map<String, Map<String, List<T>>> byTerm = new HashMap<>();
  private final Function<T, Map<String, String>> selector;

  SelectorIndex(Collection<T> selecting, Function<T, Map<String, String>> selector) {
    this.selector = selector;
    for (T item : selecting) {
      selector
          .apply(item)
          .forEach((key, value) -> {
            if (isFirst(key, selector.apply(item))) {
              byTerm
                  .computeIfAbsent(key, _ -> new HashMap<>())
                  .computeIfAbsent(value, _ -> new ArrayList<>())
                  .add(item);
            }
          });
    }
  }

  private static boolean isFirst(String key, Map<String, String> terms) {
    return terms.keySet().stream().noneMatch(other -> other.compareTo(key) < 0);
  }

  /** Those whose selector {@code labels} fulfil, in no particular order. */
  List<T> matching(Map<String, String> labels) {
    List<T> found = new ArrayList<>();
    labels.forEach((key, value) -> {
      for (T item : byTerm.getOrDefault(key, Map.of()).getOrDefault(value, List.of())) {
        if (selects(selector.apply(item), labels)) {
          found.add(item);
        }
      }
    });
    return found;
  }

  /** Whether {@code labels} fulfil a selector; an empty one selects nothing. */
  static boolean selects(Map<String, String> selector, Map<String, String> labels) {
    return !selector.isEmpty() && labels.entrySet().containsAll(selector.entrySet());
  }
}
