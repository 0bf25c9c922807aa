package dev.ambit.daemon.manifest;

import java.util.List;

/** Collects what is wrong with the objects of one file. */
final class ObjectProblems {
  private final String file;
  private final List<ManifestProblem> all;
  private final int shift;

  ObjectProblems(String file, List<ManifestProblem> all) {
    this(file, all, 0);
  }

  private ObjectProblems(String file, List<ManifestProblem> all, int shift) {
    this.file = file;
    this.all = all;
    this.shift = shift;
  }

  /** The same collection for text that begins {@code lines} further down in the file. */
  ObjectProblems shifted(int lines) {
    return new ObjectProblems(file, all, shift + lines);
  }

  void add(int line, String field, String got, String expected) {
    all.add(new ManifestProblem(file, line + shift, field, got, expected));
  }

  int count() {
    return all.size();
  }
}
