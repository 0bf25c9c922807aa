package dev.ambit.controller.ca.node;

import dev.ambit.controller.state.PrivateFiles;
import dev.ambit.controller.state.Unusable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tokens by which a node proves its name the first time: {@code
 * ambit-join.<node>.<expiry>.<signature>}, the name in base64url, the expiry in seconds of the
 * epoch, the signature an HMAC-SHA256 of what precedes it with a key of the state folder.
 * Thread-safe.
 */
public final class JoinTokens {
  /** As long as a token is good for unless said otherwise. */
  public static final Duration LIFETIME = Duration.ofHours(24);

  private static final String SCHEME = "ambit-join";
  private static final int KEY_BYTES = 32;
  private static final Pattern NODE = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");
  private static final Pattern TOKEN =
      Pattern.compile(
          "(ambit-join\\.([A-Za-z0-9_-]{1,400})\\.([0-9]{1,12}))\\.([A-Za-z0-9_-]{43})");

  private final SecretKeySpec key;
  private final InstantSource clock;

  private JoinTokens(byte[] key, InstantSource clock) {
    this.key = new SecretKeySpec(key, "HmacSHA256");
    this.clock = clock;
  }

  /** What a good token says. */
  public record Joined(String node, Instant expiry) {}

  /** Reads the key of {@code folder}, or makes one. */
  public static JoinTokens open(Path folder, InstantSource clock) {
    Path file = folder.resolve("join-key");
    if (!Files.exists(file)) {
      byte[] made = new byte[KEY_BYTES];
      new SecureRandom().nextBytes(made);
      PrivateFiles.write(file, made);
    }
    byte[] key = PrivateFiles.readSecret(file);
    if (key.length != KEY_BYTES) {
      throw new Unusable(
          file + ": got " + key.length + " bytes, expected " + KEY_BYTES + "; delete it to renew");
    }
    return new JoinTokens(key, clock);
  }

  /** Whether {@code name} can be a node's: a DNS name in lower case, so also a safe file name. */
  public static boolean validNode(String name) {
    return NODE.matcher(name).matches();
  }

  public String issue(String node, Duration lifetime) {
    if (!validNode(node)) {
      throw new IllegalArgumentException(
          "node name: got \"" + node + "\", expected a lower-case DNS name");
    }
    String signed =
        SCHEME
            + "."
            + encode(node.getBytes(StandardCharsets.UTF_8))
            + "."
            + clock.instant().plus(lifetime).getEpochSecond();
    return signed(signed);
  }

  /** {@code text}, a dot and its signature. */
  String signed(String text) {
    return text + "." + encode(signature(text));
  }

  /** Whether {@code stated}, in base64url, is the signature of {@code text}. */
  boolean isSigned(String text, String stated) {
    return MessageDigest.isEqual(Base64.getUrlDecoder().decode(stated), signature(text));
  }

  Instant now() {
    return clock.instant();
  }

  /** What {@code token} says; empty when it is none of ours or too old. */
  public Optional<Joined> verify(String token) {
    Matcher matcher = TOKEN.matcher(token);
    if (!matcher.matches() || !isSigned(matcher.group(1), matcher.group(4))) {
      return Optional.empty();
    }
    Instant expiry = Instant.ofEpochSecond(Long.parseLong(matcher.group(3)));
    if (!clock.instant().isBefore(expiry)) {
      return Optional.empty();
    }
    byte[] node = Base64.getUrlDecoder().decode(matcher.group(2));
    return Optional.of(new Joined(new String(node, StandardCharsets.UTF_8), expiry));
  }

  private byte[] signature(String signed) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      return mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HmacSHA256 is part of every JDK", e);
    }
  }

  private static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
