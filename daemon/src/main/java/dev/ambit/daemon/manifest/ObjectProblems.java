package dev.ambit.daemon.manifest;

import java.util.List;

/** Collects what is wrong with the objects of one file. */
final class ObjectProblems {
  private final String file;
  private final List<ManifestProblem> all;

  ObjectProblems(String file, List<ManifestProblem> all) {
    this.file = file;
    this.all = all;
  }

  void add(int line, String field, String got, String expected) {
    all.add(new ManifestProblem(file, line, field, got, expected));
  }

  int count() {
    return all.size();
  }
}
