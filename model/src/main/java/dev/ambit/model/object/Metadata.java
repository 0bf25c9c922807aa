package dev.ambit.model.object;

import java.time.Instant;
import java.util.Map;

/**
 * What every object carries. {@code created} decides conflicts; {@code origin} says where it was
 * read; {@code generation} counts changes of its spec, from 1.
 */
public record Metadata(
    String namespace,
    String name,
    String uid,
    Map<String, String> labels,
    Map<String, String> annotations,
    Instant created,
    String origin,
    long generation) {
  public Metadata {
    labels = Map.copyOf(labels);
    annotations = Map.copyOf(annotations);
  }

  /** One whose spec has not changed yet. */
  public Metadata(
      String namespace,
      String name,
      String uid,
      Map<String, String> labels,
      Map<String, String> annotations,
      Instant created,
      String origin) {
    this(namespace, name, uid, labels, annotations, created, origin, 1);
  }
}
