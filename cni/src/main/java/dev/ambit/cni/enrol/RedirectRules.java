package dev.ambit.cni.enrol;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The nftables ruleset of a captured pod, as text for one transaction of {@code nft -f} (spec:
 * redirection §2.3, rules 5 to 17). Pure.
 *
 * <p>Each text replaces whatever the tables held before in one step of the kernel, so there is no
 * moment without rules, none with half of them, and no need for the guard rules of the iptables
 * flavour. Flows that conntrack already translates go on being translated across the swap.
 */
public final class RedirectRules {
  /** What was found in a pod. */
  public enum Found {
    /** None of our tables. */
    NOTHING,
    /** Exactly the rules asked about. */
    CURRENT,
    /** The rules of a release under way. */
    DRAINING,
    /** Tables of ours with other rules: older options, or someone's change. */
    OTHER
  }

  private static final String NAT = "istio-ambient-nat";
  private static final String MANGLE = "istio-ambient-mangle";
  private static final String RAW = "istio-ambient-raw";
  private static final String GUARD = "ambit-guard";
  private static final List<String> TABLES = List.of(NAT, MANGLE, RAW, GUARD);

  private static final String NOT_ZTUNNEL = "meta mark & 0xfff != 0x539";
  static final String PROBE = "169.254.7.127";
  static final String PROBE6 = "fd16:9254:7127:1337:ffff:ffff:ffff:ffff";

  private static final InetAddress PROBE_ADDRESS = InetAddress.ofLiteral(PROBE);
  private static final InetAddress PROBE6_ADDRESS = InetAddress.ofLiteral(PROBE6);

  private static final Pattern NUMBERS = Pattern.compile(" packets \\d+ bytes \\d+");
  private static final Pattern HANDLE = Pattern.compile(" # handle \\d+$");
  private static final Pattern HEX = Pattern.compile("0x0+(?=[0-9a-f])");

  private RedirectRules() {}

  /** Captures. */
  public static String capture(RedirectOptions options) {
    return clean() + tables(options);
  }

  /**
   * Captures nothing new, but keeps what open flows live on: the NAT hooks, so that redirected ones
   * stay translated, and the marks, so that replies to spoofed sources find ztunnel.
   */
  public static String drain() {
    return clean() + natTable(List.of(), List.of()) + mangleTable();
  }

  /**
   * Lets no packet of TCP or UDP in, out or through, until another of these texts is applied: for
   * changes that cannot be made in one transaction with ours.
   */
  static String guard() {
    StringBuilder chains = new StringBuilder();
    for (String hook : List.of("input", "forward", "output")) {
      chains.append(
          chain(
              hook,
              List.of(
                  "type filter hook " + hook + " priority -400; policy accept;",
                  "meta l4proto { tcp, udp } counter drop")));
    }
    return table(GUARD, chains.toString());
  }

  /** Takes the guard away, and nothing else. */
  static String unguard() {
    return clean(List.of(GUARD));
  }

  /** Leaves nothing of ours. Works on a namespace that holds nothing, too. */
  public static String remove() {
    return clean();
  }

  /** What {@code listing}, the output of {@code nft -s list ruleset}, says about a pod. */
  public static Found found(String listing, RedirectOptions options) {
    String ours = normal(listing);
    if (ours.isEmpty()) {
      return Found.NOTHING;
    }
    if (ours.equals(normal(tables(options)))) {
      return StaleRules.removal(listing).isEmpty() ? Found.CURRENT : Found.OTHER;
    }
    return ours.equals(normal(natTable(List.of(), List.of()) + mangleTable()))
        ? Found.DRAINING
        : Found.OTHER;
  }

  /** Whether node probes come from {@code address}; they pass ztunnel by (rules 8 and 10). */
  static boolean isProbe(InetAddress address) {
    return address.equals(PROBE_ADDRESS) || address.equals(PROBE6_ADDRESS);
  }

  /** Adding first makes the deletion succeed whether or not the table was there. */
  private static String clean() {
    return clean(TABLES);
  }

  private static String clean(List<String> tables) {
    StringBuilder text = new StringBuilder();
    for (String table : tables) {
      text.append("add table inet ").append(table).append('\n');
      text.append("delete table inet ").append(table).append('\n');
    }
    return text.toString();
  }

  private static String tables(RedirectOptions options) {
    return natTable(natPrerouting(options), natOutput(options))
        + mangleTable()
        + (options.dns() ? rawTable() : "");
  }

  private static List<String> natPrerouting(RedirectOptions options) {
    List<String> rules = new ArrayList<>();
    for (String name : options.virtualInterfaces()) {
      String match = "iifname \"" + name + "\" meta l4proto tcp counter";
      rules.add(match + " redirect to :15001");
      rules.add(match + " return");
    }
    if (!options.bypassInbound()) {
      // Probes of the node come from a link-local address that nothing else can have.
      twice(rules, options, "meta l4proto tcp ip saddr " + PROBE + " counter accept");
      twice(
          rules,
          options,
          "ip daddr != 127.0.0.1 tcp dport != 15008 "
              + NOT_ZTUNNEL
              + " counter redirect to :15006");
    }
    return rules;
  }

  private static List<String> natOutput(RedirectOptions options) {
    List<String> rules = new ArrayList<>();
    twice(rules, options, "meta l4proto tcp ip daddr " + PROBE + " counter accept");
    if (options.dns()) {
      rules.add("oifname != \"lo\" " + NOT_ZTUNNEL + " udp dport 53 counter redirect to :15053");
      twice(
          rules,
          options,
          "ip daddr != 127.0.0.1 tcp dport 53 " + NOT_ZTUNNEL + " counter redirect to :15053");
    }
    // Replies on connections that ztunnel opened to the application.
    rules.add("meta l4proto tcp meta mark & 0xfff == 0x111 counter accept");
    // The pod calling its own address, and ztunnel calling the application.
    twice(rules, options, "oifname \"lo\" ip daddr != 127.0.0.1 counter accept");
    twice(
        rules,
        options,
        "meta l4proto tcp ip daddr != 127.0.0.1 " + NOT_ZTUNNEL + " counter redirect to :15001");
    return rules;
  }

  /** Adds {@code rule}, written for IPv4, and its IPv6 twin when that family is captured. */
  private static void twice(List<String> rules, RedirectOptions options, String rule) {
    rules.add(rule);
    if (options.ipv6()) {
      rules.add(
          rule.replaceAll("\\bip (s|d)addr", "ip6 $1addr")
              .replace("127.0.0.1", "::1")
              .replace(PROBE, PROBE6));
    }
  }

  private static String natTable(List<String> prerouting, List<String> output) {
    return table(
        NAT,
        base("prerouting", "nat", "-100"),
        base("output", "nat", "-100"),
        chain("istio-prerouting", prerouting),
        chain("istio-output", output));
  }

  /** The output chain is of type route: else a changed mark would not choose another route. */
  private static String mangleTable() {
    return table(
        MANGLE,
        base("prerouting", "filter", "-150"),
        base("output", "route", "-150"),
        chain(
            "istio-prerouting",
            // Keeps the upper bits of the mark, which others may use.
            List.of("meta mark & 0xfff == 0x539 counter ct mark set ct mark & 0xfffff111 | 0x111")),
        chain("istio-output", List.of("ct mark & 0xfff == 0x111 counter meta mark set ct mark")));
  }

  /**
   * Keeps ztunnel's own question apart from the application's with the same addresses and ports.
   */
  private static String rawTable() {
    return table(
        RAW,
        base("prerouting", "filter", "-300"),
        base("output", "filter", "-300"),
        chain(
            "istio-prerouting", List.of("udp sport 53 " + NOT_ZTUNNEL + " counter ct zone set 1")),
        chain(
            "istio-output",
            List.of("udp dport 53 meta mark & 0xfff == 0x539 counter ct zone set 1")));
  }

  private static String table(String name, String... chains) {
    return "table inet " + name + " {\n" + String.join("", chains) + "}\n";
  }

  private static String base(String hook, String type, String priority) {
    return chain(
        hook,
        List.of(
            "type " + type + " hook " + hook + " priority " + priority + "; policy accept;",
            "jump istio-" + hook));
  }

  private static String chain(String name, List<String> lines) {
    return "\tchain "
        + name
        + " {\n"
        + lines.stream().map(line -> "\t\t" + line + "\n").collect(Collectors.joining())
        + "\t}\n";
  }

  /** Our tables in {@code listing}, without what nft prints in more than one way. */
  private static String normal(String listing) {
    StringBuilder ours = new StringBuilder();
    boolean inside = false;
    for (String line : listing.split("\n")) {
      if (line.startsWith("table ")) {
        String name = line.startsWith("table inet ") ? line.split(" ")[2] : "";
        inside = TABLES.contains(name);
      }
      String plain = HANDLE.matcher(line.strip()).replaceAll("");
      if (inside && !plain.isEmpty()) {
        plain = HEX.matcher(NUMBERS.matcher(plain).replaceAll("")).replaceAll("0x");
        ours.append(
                plain
                    .replace("priority dstnat;", "priority -100;")
                    .replace("priority mangle;", "priority -150;")
                    .replace("priority raw;", "priority -300;"))
            .append('\n');
      }
    }
    return ours.toString();
  }
}
