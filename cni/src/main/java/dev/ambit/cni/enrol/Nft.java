package dev.ambit.cni.enrol;

import dev.ambit.daemon.kernel.Netns;

/** The {@code nft} program, run inside a namespace: one transaction a call. */
final class Nft {
  private Nft() {}

  /** Applies {@code ruleset} as one transaction: all of it, or nothing and an exception. */
  static void apply(Netns in, String ruleset) {
    Tool.run(in, ruleset, "nft", "-f", "-");
  }

  /** Every table of the namespace with its handles, without the values of counters. */
  static String list(Netns in) {
    return Tool.run(in, "", "nft", "-a", "-s", "list", "ruleset");
  }
}
