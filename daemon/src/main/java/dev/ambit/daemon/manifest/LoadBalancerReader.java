package dev.ambit.daemon.manifest;

import dev.ambit.model.object.TrafficPolicy.Algorithm;
import dev.ambit.model.object.TrafficPolicy.ConsistentHash;
import dev.ambit.model.object.TrafficPolicy.CookieKey;
import dev.ambit.model.object.TrafficPolicy.Distribute;
import dev.ambit.model.object.TrafficPolicy.HashKey;
import dev.ambit.model.object.TrafficPolicy.HeaderKey;
import dev.ambit.model.object.TrafficPolicy.LoadBalancer;
import dev.ambit.model.object.TrafficPolicy.LocalityBalancing;
import dev.ambit.model.object.TrafficPolicy.QueryKey;
import dev.ambit.model.object.TrafficPolicy.SourceIpKey;
import dev.ambit.model.object.TrafficPolicy.Warmup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the loadBalancer of a traffic policy (spec: traffic-policy §3, §6). */
final class LoadBalancerReader {
  private static final int USUAL_RING = 1024;
  private static final int MOST_RING = 8 * 1024 * 1024;
  private static final int USUAL_MAGLEV = 65537;
  private static final int MOST_MAGLEV = 5_000_011;
  private static final Map<String, Algorithm> ALGORITHMS =
      Map.of(
          "UNSPECIFIED", Algorithm.LEAST_REQUEST,
          "LEAST_CONN", Algorithm.LEAST_REQUEST,
          "LEAST_REQUEST", Algorithm.LEAST_REQUEST,
          "ROUND_ROBIN", Algorithm.ROUND_ROBIN,
          "RANDOM", Algorithm.RANDOM,
          "PASSTHROUGH", Algorithm.PASSTHROUGH);

  private LoadBalancerReader() {}

  static @Nullable LoadBalancer read(FieldReader policy) {
    FieldReader balancer = policy.mapping("loadBalancer").orElse(null);
    if (balancer == null) {
      return null;
    }
    balancer.strictly(
        Set.of("simple", "consistentHash", "localityLbSetting", "warmup", "warmupDurationSecs"));
    if (balancer.has("simple") && balancer.has("consistentHash")) {
      balancer.problem("simple", "one beside consistentHash", "only one of them");
    }
    return new LoadBalancer(
        balancer.choice("simple", ALGORITHMS, Algorithm.LEAST_REQUEST),
        hash(balancer),
        locality(balancer),
        warmup(balancer));
  }

  private static @Nullable ConsistentHash hash(FieldReader balancer) {
    FieldReader hash = balancer.mapping("consistentHash").orElse(null);
    if (hash == null) {
      return null;
    }
    hash.strictly(
        Set.of(
            "httpHeaderName",
            "httpCookie",
            "useSourceIp",
            "httpQueryParameterName",
            "minimumRingSize",
            "ringHash",
            "maglev"));
    FieldReader ring = hash.mappingOrEmpty("ringHash");
    ring.strictly(Set.of("minimumRingSize"));
    long size = hash.whole("minimumRingSize", 0, MOST_RING, 0);
    size = ring.whole("minimumRingSize", 0, MOST_RING, size);
    FieldReader maglev = hash.mappingOrEmpty("maglev");
    maglev.strictly(Set.of("tableSize"));
    long table = maglev.whole("tableSize", 2, MOST_MAGLEV, USUAL_MAGLEV);
    if (hash.has("maglev") && !isPrime(table)) {
      maglev.problem("tableSize", String.valueOf(table), "a prime number");
    }
    return new ConsistentHash(
        key(hash), size == 0 ? USUAL_RING : (int) size, hash.has("maglev") ? (int) table : 0);
  }

  private static boolean isPrime(long number) {
    for (long i = 2; i * i <= number; i++) {
      if (number % i == 0) {
        return false;
      }
    }
    return number > 1;
  }

  private static HashKey key(FieldReader hash) {
    List<HashKey> keys = new ArrayList<>();
    String header = hash.formed("httpHeaderName", "a header's name", RouteFields::headerName);
    if (!header.isEmpty()) {
      keys.add(new HeaderKey(header.toLowerCase(Locale.ROOT)));
    }
    hash.mapping("httpCookie").ifPresent(cookie -> keys.add(cookie(cookie)));
    String parameter = hash.text("httpQueryParameterName", "");
    if (!parameter.isEmpty()) {
      keys.add(new QueryKey(parameter));
    }
    if (hash.flag("useSourceIp", false)) {
      keys.add(new SourceIpKey());
    }
    if (keys.size() != 1) {
      hash.problem("", keys.size() + " keys", "exactly one of header, cookie, query, source IP");
      return new SourceIpKey();
    }
    return keys.getFirst();
  }

  private static CookieKey cookie(FieldReader cookie) {
    cookie.strictly(Set.of("name", "path", "ttl", "attributes"));
    Map<String, String> attributes = new LinkedHashMap<>();
    for (FieldReader each : cookie.mappings("attributes")) {
      each.strictly(Set.of("name", "value"));
      attributes.put(
          each.required("name", "the name of an attribute", text -> !text.isEmpty()),
          each.text("value", ""));
    }
    return new CookieKey(
        cookie.required("name", "the name of a cookie", RouteFields::headerName),
        cookie.text("path", ""),
        cookie.duration("ttl"),
        attributes);
  }

  private static @Nullable LocalityBalancing locality(FieldReader balancer) {
    FieldReader setting = balancer.mapping("localityLbSetting").orElse(null);
    if (setting == null) {
      return null;
    }
    setting.strictly(Set.of("distribute", "failover", "failoverPriority", "enabled"));
    List<Distribute> distribute = new ArrayList<>();
    for (FieldReader each : setting.mappings("distribute")) {
      each.strictly(Set.of("from", "to"));
      FieldReader to = each.mappingOrEmpty("to");
      Map<String, Integer> shares = new LinkedHashMap<>();
      to.names().forEach(name -> shares.put(name, (int) to.whole(name, 0, 100, 0)));
      int sum = shares.values().stream().mapToInt(Integer::intValue).sum();
      if (sum != 100) {
        each.problem("to", "shares of " + sum, "shares of 100 together");
      }
      distribute.add(
          new Distribute(
              each.required("from", "a locality such as region/*", text -> !text.isEmpty()),
              shares));
    }
    Map<String, String> failover = new LinkedHashMap<>();
    for (FieldReader each : setting.mappings("failover")) {
      each.strictly(Set.of("from", "to"));
      failover.put(
          each.required("from", "a region", text -> !text.isEmpty()),
          each.required("to", "a region", text -> !text.isEmpty()));
    }
    if (!distribute.isEmpty() && setting.has("failover")) {
      setting.problem("failover", "one beside distribute", "only one of them");
    }
    return new LocalityBalancing(
        setting.flag("enabled", true), distribute, failover, setting.texts("failoverPriority"));
  }

  private static @Nullable Warmup warmup(FieldReader balancer) {
    FieldReader warmup = balancer.mapping("warmup").orElse(null);
    if (warmup == null) {
      Duration old = balancer.duration("warmupDurationSecs");
      return old == null ? null : new Warmup(old, 10, 1);
    }
    warmup.strictly(Set.of("duration", "minimumPercent", "aggression"));
    Duration duration = warmup.duration("duration");
    if (duration == null) {
      warmup.problem("duration", "nothing", Forms.DURATION_FORM);
      return null;
    }
    return new Warmup(
        duration,
        warmup.number("minimumPercent", 0, 100, 10),
        warmup.number("aggression", 1, 1000, 1));
  }
}
