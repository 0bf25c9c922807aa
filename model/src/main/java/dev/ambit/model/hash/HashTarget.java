package dev.ambit.model.hash;

/**
 * Something that hashes may lead to.
 *
 * @param name what its places are made of: {@code ip:port}
 * @param weight its share, relative to the others; at least 1
 */
public record HashTarget(String name, int weight) {
  public HashTarget {
    if (weight < 1) {
      throw new IllegalArgumentException("weight: got " + weight + ", expected at least 1");
    }
  }
}
