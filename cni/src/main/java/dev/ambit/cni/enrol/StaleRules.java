package dev.ambit.cni.enrol;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Redirections that another agent made by iptables and left behind: chains named {@code ISTIO_…}
 * and what jumps to them (spec: redirection §2.2). Pure.
 */
final class StaleRules {
  private static final Set<String> TABLES = Set.of("raw", "mangle", "nat", "filter");
  private static final Pattern TABLE = Pattern.compile("table (ip6?) (\\w+) \\{.*");
  private static final Pattern CHAIN = Pattern.compile("chain ([\\w-]+) \\{.*");
  private static final Pattern JUMP =
      Pattern.compile(".*\\b(?:jump|goto) ISTIO_[\\w-]+ # handle (\\d+)");
  private static final Pattern SAVED_CHAIN = Pattern.compile(":(ISTIO_[\\w-]+) .*");
  private static final Pattern SAVED_JUMP =
      Pattern.compile("-A ((?!ISTIO_)[\\w-]+ .*-[jg] ISTIO_[\\w-]+)");

  private StaleRules() {}

  /**
   * Takes them out of {@code listing}, what {@code nft -a list ruleset} printed: the text of a
   * transaction; "" when there are none.
   */
  static String removal(String listing) {
    List<String> jumps = new ArrayList<>();
    List<String> chains = new ArrayList<>();
    String table = "";
    String chain = "";
    for (String line : listing.split("\n")) {
      String plain = line.strip();
      Matcher match = TABLE.matcher(plain);
      if (plain.startsWith("table ")) {
        table =
            match.matches() && TABLES.contains(match.group(2))
                ? match.group(1) + " " + match.group(2)
                : "";
        chain = "";
      } else if (!table.isEmpty()) {
        chain = read(plain, table, chain, jumps, chains);
      }
    }
    StringBuilder text = new StringBuilder();
    jumps.forEach(jump -> text.append("delete rule ").append(jump).append('\n'));
    // Chains that name each other can only go empty.
    chains.forEach(each -> text.append("flush chain ").append(each).append('\n'));
    chains.forEach(each -> text.append("delete chain ").append(each).append('\n'));
    return text.toString();
  }

  /** Answers the chain that the next line is in. */
  private static String read(
      String line, String table, String chain, List<String> jumps, List<String> chains) {
    Matcher begin = CHAIN.matcher(line);
    if (begin.matches()) {
      String name = begin.group(1);
      if (name.startsWith("ISTIO_")) {
        chains.add(table + " " + name);
      }
      return name;
    }
    Matcher jump = JUMP.matcher(line);
    if (jump.matches() && !chain.startsWith("ISTIO_")) {
      jumps.add(table + " " + chain + " handle " + jump.group(1));
    }
    return chain;
  }

  /**
   * The same for {@code saved}, what {@code iptables-legacy-save} printed, as the text of an {@code
   * iptables-legacy-restore --noflush}.
   */
  static String legacyRemoval(String saved) {
    StringBuilder text = new StringBuilder();
    List<String> jumps = new ArrayList<>();
    List<String> chains = new ArrayList<>();
    for (String line : saved.split("\n")) {
      if (line.startsWith("*")) {
        jumps.clear();
        chains.clear();
        text.append(line).append('\n');
      } else if (line.equals("COMMIT")) {
        jumps.forEach(jump -> text.append("-D ").append(jump).append('\n'));
        chains.forEach(chain -> text.append("-F ").append(chain).append('\n'));
        chains.forEach(chain -> text.append("-X ").append(chain).append('\n'));
        text.append("COMMIT\n");
      }
      Matcher chain = SAVED_CHAIN.matcher(line);
      if (chain.matches()) {
        chains.add(chain.group(1));
      }
      Matcher jump = SAVED_JUMP.matcher(line);
      if (jump.matches()) {
        jumps.add(jump.group(1));
      }
    }
    return text.indexOf("-X ") < 0 && text.indexOf("-D ") < 0 ? "" : text.toString();
  }
}
