package dev.ambit.daemon.kernel;

import java.nio.file.Path;

/** A program whose thread loses the way back from a namespace: its own descriptor is gone. */
final class LostThread {
  private LostThread() {}

  public static void main(String[] arguments) {
    Netns.open(Path.of(arguments[0]))
        .inside(() -> {
          Kernel.close(Netns.own().descriptor());
          return "";
        });
  }
}
