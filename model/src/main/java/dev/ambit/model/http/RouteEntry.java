package dev.ambit.model.http;

import org.jspecify.annotations.Nullable;

/**
 * One line of a route table.
 *
 * @param route the object it is from, {@code Kind namespace/name}; "" for the default route
 * @param rule name of the rule, or its place in the object
 * @param cors null without
 * @param fault null without
 */
public record RouteEntry(
    String route,
    String rule,
    HttpMatch match,
    RouteAction action,
    @Nullable CorsPolicy cors,
    @Nullable Fault fault) {

  /** The part of the path that a prefix replacement replaces. */
  String prefix() {
    return match.path().prefix();
  }
}
