package dev.ambit.model.http;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a valid token says (spec: l7-authorization §6). */
public record JwtClaims(Map<String, Claim> claims) {
  public JwtClaims {
    claims = Map.copyOf(claims);
  }

  /** One claim; numbers and truth values are text. */
  public sealed interface Claim {}

  /** A single value. */
  public record Text(String value) implements Claim {}

  /** A list of values. */
  public record Texts(List<String> values) implements Claim {
    public Texts {
      values = List.copyOf(values);
    }
  }

  /** Claims inside a claim. */
  public record Nested(Map<String, Claim> claims) implements Claim {
    public Nested {
      claims = Map.copyOf(claims);
    }
  }

  /** The values of a claim, by the names on the way to it; empty when it has none. */
  public List<String> values(List<String> path) {
    Map<String, Claim> level = claims;
    for (int i = 0; i < path.size(); i++) {
      Claim claim = level.get(path.get(i));
      boolean last = i == path.size() - 1;
      switch (claim) {
        case null -> {
          return List.of();
        }
        case Text(String value) -> {
          return last ? List.of(value) : List.of();
        }
        case Texts(List<String> values) -> {
          return last ? values : List.of();
        }
        case Nested(Map<String, Claim> inner) -> level = inner;
      }
    }
    return List.of();
  }

  /** The only value of a claim; null when it has none or several. */
  public @Nullable String value(String name) {
    List<String> values = values(List.of(name));
    return values.size() == 1 ? values.getFirst() : null;
  }

  /** These claims with the words of the named ones as lists. */
  public JwtClaims withLists(List<String> names) {
    Map<String, Claim> all = new HashMap<>(claims);
    for (String name : names) {
      if (all.get(name) instanceof Text(String value)) {
        all.put(name, new Texts(List.of(value.strip().split(" +"))));
      }
    }
    return new JwtClaims(all);
  }

  /** {@code iss/sub}; empty when one of them is missing. */
  public Optional<String> principal() {
    String issuer = value("iss");
    String subject = value("sub");
    return issuer == null || subject == null
        ? Optional.empty()
        : Optional.of(issuer + "/" + subject);
  }
}
