package dev.ambit.controller.xds;

import org.jspecify.annotations.Nullable;

/** One resource is new, differs or is gone. At least one side is there. */
record ResourceChange(
    Scope scope, @Nullable EncodedResource before, @Nullable EncodedResource now) {

  ResourceType type() {
    return scope.type();
  }

  EncodedResource either() {
    EncodedResource found = now == null ? before : now;
    if (found == null) {
      throw new IllegalStateException("resource change: got neither side, expected one");
    }
    return found;
  }
}
