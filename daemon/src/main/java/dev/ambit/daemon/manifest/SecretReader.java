package dev.ambit.daemon.manifest;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads of a Secret what TLS needs, and nothing else of it; no problem ever shows what is in it
 * (spec: traffic-policy §7).
 */
final class SecretReader {
  private static final List<String> KEYS =
      List.of("tls.crt", "tls.key", "ca.crt", "cert", "key", "cacert");
  private static final String BASE64 = "Base64";

  private SecretReader() {}

  static Secret read(Metadata metadata, FieldReader fields) {
    Map<String, String> data = new LinkedHashMap<>();
    FieldReader encoded = fields.mappingOrEmpty("data");
    FieldReader plain = fields.mappingOrEmpty("stringData");
    for (String key : KEYS) {
      if (plain.has(key)) {
        data.put(key, plain.text(key, ""));
      } else if (encoded.has(key)) {
        data.put(key, decoded(encoded, key));
      }
    }
    return new Secret(metadata, data);
  }

  private static String decoded(FieldReader encoded, String key) {
    try {
      byte[] bytes = Base64.getMimeDecoder().decode(encoded.text(key, ""));
      return new String(bytes, StandardCharsets.ISO_8859_1);
    } catch (IllegalArgumentException e) {
      encoded.problem(key, "something else", BASE64);
      return "";
    }
  }
}
