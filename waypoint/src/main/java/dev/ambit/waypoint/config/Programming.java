package dev.ambit.waypoint.config;

/** Where the newest snapshot is. Any thread. */
@FunctionalInterface
public interface Programming {
  Snapshot current();
}
