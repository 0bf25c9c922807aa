package dev.ambit.cni.zds;

/** What became of a request to ztunnel. */
public sealed interface Answer {
  /** Done: for an addition, the pod's listeners are bound. */
  record Accepted() implements Answer {}

  /** ztunnel said no, for {@code error}; asking again later may help. */
  record Refused(String error) implements Answer {}

  /** Nobody answered; {@code why} is a sentence. */
  record Unreachable(String why) implements Answer {}
}
