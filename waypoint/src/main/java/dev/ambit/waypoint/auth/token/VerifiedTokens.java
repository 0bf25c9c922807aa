package dev.ambit.waypoint.auth.token;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Tokens whose signature was good, by hash, each in the one slot its hash names: bounded, and no
 * loop ever waits. Only good ones come in, so nobody can fill it without an issuer's help.
 */
final class VerifiedTokens {
  private static final int SLOTS = 2048;
  private static final int LONGEST = 4096;

  private final AtomicReferenceArray<@Nullable Entry> slots = new AtomicReferenceArray<>(SLOTS);

  private record Entry(byte[] hash, Jwt token, KeySet by) {}

  /** The token, if it was verified by any keys. */
  @Nullable Jwt known(String token) {
    Entry entry = token.length() > LONGEST ? null : entry(hash(token));
    return entry == null ? null : entry.token;
  }

  /** Whether it was verified by just these keys. */
  boolean isVerified(String token, KeySet by) {
    Entry entry = token.length() > LONGEST ? null : entry(hash(token));
    return entry != null && entry.by == by;
  }

  void add(String text, Jwt token, KeySet by) {
    if (text.length() <= LONGEST) {
      byte[] hash = hash(text);
      slots.set(slot(hash), new Entry(hash, token, by));
    }
  }

  private @Nullable Entry entry(byte[] hash) {
    Entry entry = slots.get(slot(hash));
    return entry != null && Arrays.equals(entry.hash, hash) ? entry : null;
  }

  private static int slot(byte[] hash) {
    return ((hash[0] & 0xff) << 8 | (hash[1] & 0xff)) % SLOTS;
  }

  private static byte[] hash(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
