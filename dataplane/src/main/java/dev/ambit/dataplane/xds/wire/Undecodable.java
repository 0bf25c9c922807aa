package dev.ambit.dataplane.xds.wire;

/** A resource, or a part of it, has a value that cannot be used. Caught where resources end. */
final class Undecodable extends RuntimeException {
  Undecodable(String field, Object got, String expected) {
    super(field + ": got " + got + ", expected " + expected, null, false, false);
  }
}
