package dev.ambit.model.object;

import java.time.Instant;
import java.util.Map;

/**
 * What every object carries. {@code created} decides conflicts; {@code origin} says where it was
 * read.
 */
public record Metadata(
    String namespace,
    String name,
    String uid,
    Map<String, String> labels,
    Map<String, String> annotations,
    Instant created,
    String origin) {
  public Metadata {
    labels = Map.copyOf(labels);
    annotations = Map.copyOf(annotations);
  }
}
