package dev.ambit.controller.ca.node;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tokens by which a pod proves itself: {@code ambit-pod.<pod>.<expiry>.<signature>}, the pod as
 * {@code NAMESPACE/SERVICE_ACCOUNT/NAME} in base64url, signed as {@link JoinTokens} are. One is
 * good for its own pod's identity, and only while that pod is there. Thread-safe.
 */
final class PodTokens {
  private static final String SCHEME = "ambit-pod";
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");
  private static final Pattern TOKEN =
      Pattern.compile(
          "(ambit-pod\\.([A-Za-z0-9_-]{1,1100})\\.([0-9]{1,12}))\\.([A-Za-z0-9_-]{43})");

  private final JoinTokens keys;

  PodTokens(JoinTokens keys) {
    this.keys = keys;
  }

  /** What a good token says. */
  record Proven(PodName pod, Instant expiry) {}

  /** Whether every part of a name is one of an API server, so also a safe file name. */
  static boolean valid(PodName pod) {
    return NAME.matcher(pod.namespace()).matches()
        && pod.namespace().indexOf('.') < 0
        && NAME.matcher(pod.serviceAccount()).matches()
        && NAME.matcher(pod.name()).matches();
  }

  String issue(PodName pod, Duration lifetime) {
    if (!valid(pod)) {
      throw new IllegalArgumentException("pod: got \"" + pod + "\", expected lower-case DNS names");
    }
    return keys.signed(
        SCHEME
            + "."
            + Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(pod.toString().getBytes(StandardCharsets.UTF_8))
            + "."
            + keys.now().plus(lifetime).getEpochSecond());
  }

  /** What {@code token} says; empty when it is none of ours or too old. */
  Optional<Proven> verify(String token) {
    Matcher matcher = TOKEN.matcher(token);
    if (!matcher.matches() || !keys.isSigned(matcher.group(1), matcher.group(4))) {
      return Optional.empty();
    }
    Instant expiry = Instant.ofEpochSecond(Long.parseLong(matcher.group(3)));
    if (!keys.now().isBefore(expiry)) {
      return Optional.empty();
    }
    byte[] bytes = Base64.getUrlDecoder().decode(matcher.group(2));
    String[] parts = new String(bytes, StandardCharsets.UTF_8).split("/", -1);
    return parts.length == 3
        ? Optional.of(new Proven(new PodName(parts[0], parts[1], parts[2]), expiry))
        : Optional.empty();
  }
}
