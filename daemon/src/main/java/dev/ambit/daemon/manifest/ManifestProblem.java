package dev.ambit.daemon.manifest;

/** Why a file, or one object of it, cannot be used. {@code line} counts from 1; 0 when unknown. */
public record ManifestProblem(String file, int line, String field, String got, String expected) {
  @Override
  public String toString() {
    return file + ":" + line + ": " + field + ": got " + got + ", expected " + expected;
  }
}
