package dev.ambit.cli.up.story;

/** One claim and the check that it holds. */
interface Step {
  /** Fixed name, as the JSON lines carry it. */
  String name();

  /** The claim, one sentence for people. */
  String claim();

  /** Throws {@link Unmet} when the claim does not hold; anything else thrown counts the same. */
  void check(Stage stage, Figures figures) throws Exception;
}
