package dev.ambit.waypoint.auth.token;

import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The keys of an issuer (RFC 7517). Immutable. Keys that are for something else than checking
 * signatures, or that we cannot use, are left out; symmetric ones always.
 */
record KeySet(List<Key> keys) {
  /** A larger set is not taken. */
  static final int MOST_BYTES = 1024 * 1024;

  private static final int MOST_KEYS = 100;
  private static final int MOST_TRIES = 16;

  KeySet {
    keys = List.copyOf(keys);
  }

  /**
   * One key.
   *
   * @param id "" when it has no name
   * @param algorithm null when it is good for all that fit its type
   */
  record Key(String id, @Nullable Algorithm algorithm, PublicKey key) {
    private boolean serves(Algorithm wanted) {
      return (algorithm == null || algorithm == wanted) && wanted.fits(key);
    }
  }

  /** What was read, or why not. */
  record Read(@Nullable KeySet keys, String problem) {}

  static Read read(byte[] json) {
    if (json.length > MOST_BYTES) {
      return new Read(null, "got " + json.length + " bytes, expected at most " + MOST_BYTES);
    }
    ObjectNode object = StrictJson.object(json);
    JsonNode list = object == null ? null : object.get("keys");
    if (list == null || !list.isArray()) {
      return new Read(null, "got no list \"keys\", expected a JSON Web Key Set");
    }
    if (list.size() > MOST_KEYS) {
      return new Read(null, "got " + list.size() + " keys, expected at most " + MOST_KEYS);
    }
    List<Key> keys = new ArrayList<>();
    for (JsonNode each : list) {
      Key key = each instanceof ObjectNode fields ? key(fields) : null;
      if (key != null) {
        keys.add(key);
      }
    }
    return keys.isEmpty()
        ? new Read(null, "got no key of " + list.size() + " that can check signatures")
        : new Read(new KeySet(keys), "");
  }

  private static @Nullable Key key(ObjectNode fields) {
    String use = StrictJson.text(fields, "use");
    JsonNode operations = fields.get("key_ops");
    boolean checks =
        operations == null
            || (operations.isArray()
                && operations.valueStream().anyMatch(each -> each.asString().equals("verify")));
    if ((use != null && !use.equals("sig")) || !checks) {
      return null;
    }
    String name = StrictJson.text(fields, "alg");
    Algorithm algorithm = name == null ? null : Algorithm.named(name);
    PublicKey key = WebKey.read(fields);
    if (key == null || (fields.has("alg") && algorithm == null)) {
      return null;
    }
    String id = StrictJson.text(fields, "kid");
    return new Key(id == null ? "" : id, algorithm, key);
  }

  /** What a signature turned out to be. */
  enum Check {
    GOOD,
    BAD,
    /** No key here goes by the name in the token. */
    NO_SUCH_KEY
  }

  /** A token without a key's name is tried with all that fit; a key without a name fits each. */
  Check check(Jwt token) {
    Algorithm algorithm = token.algorithm();
    if (algorithm == null) {
      return Check.BAD;
    }
    boolean named = false;
    int tries = 0;
    for (Key key : keys) {
      boolean called = token.keyId().isEmpty() || key.id().equals(token.keyId());
      named |= called;
      if ((called || key.id().isEmpty()) && key.serves(algorithm) && ++tries <= MOST_TRIES) {
        if (algorithm.verifies(key.key(), token.signed(), token.signature())) {
          return Check.GOOD;
        }
      }
    }
    return named && !token.keyId().isEmpty() ? Check.BAD : Check.NO_SUCH_KEY;
  }
}
