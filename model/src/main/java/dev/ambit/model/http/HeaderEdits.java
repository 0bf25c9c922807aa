package dev.ambit.model.http;

import dev.ambit.model.object.RouteFilter.HeaderChange;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Edits of headers at one level, applied as remove, then set, then add (spec: http-routing §4).
 * Names are in lower case.
 *
 * @param authority takes the place of the request's authority; "" keeps it
 */
public record HeaderEdits(
    List<String> remove, Map<String, String> set, Map<String, String> add, String authority) {
  public static final HeaderEdits NONE = new HeaderEdits(List.of(), Map.of(), Map.of(), "");

  public HeaderEdits {
    remove = List.copyOf(remove);
    set = Map.copyOf(set);
    add = Map.copyOf(add);
  }

  /** Headers that can be changed. */
  public interface Target {
    void remove(String name);

    void set(String name, String value);

    void add(String name, String value);

    void authority(String value);
  }

  public void applyTo(Target headers) {
    remove.forEach(headers::remove);
    set.forEach(headers::set);
    add.forEach(headers::add);
    if (!authority.isEmpty()) {
      headers.authority(authority);
    }
  }

  public boolean isEmpty() {
    return remove.isEmpty() && set.isEmpty() && add.isEmpty() && authority.isEmpty();
  }

  /** Pseudo headers other than the authority mean nothing. */
  static HeaderEdits of(HeaderChange change) {
    Map<String, String> set = new LinkedHashMap<>();
    String authority = "";
    for (Map.Entry<String, String> each : change.set().entrySet()) {
      if (each.getKey().equals("host") || each.getKey().equals(":authority")) {
        authority = each.getValue();
      } else if (!each.getKey().startsWith(":")) {
        set.put(each.getKey(), each.getValue());
      }
    }
    Map<String, String> add = new LinkedHashMap<>(change.add());
    add.keySet().removeIf(name -> name.startsWith(":") || name.equals("host"));
    return new HeaderEdits(change.remove(), set, add, authority);
  }

  /** Whether every value can be sent: a tab or what is printed (spec: http-routing §4). */
  static boolean isSendable(HeaderChange change) {
    return change.set().values().stream().allMatch(HeaderEdits::isSendable)
        && change.add().values().stream().allMatch(HeaderEdits::isSendable);
  }

  private static boolean isSendable(String value) {
    return value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c != 0x7f));
  }
}
