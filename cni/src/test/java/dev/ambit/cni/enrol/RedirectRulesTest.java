package dev.ambit.cni.enrol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.cni.enrol.RedirectRules.Found;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RedirectRulesTest {
  private static final RedirectOptions DNS = new RedirectOptions(true, false, true, List.of());
  private static final RedirectOptions INGRESS = new RedirectOptions(true, true, false, List.of());
  private static final RedirectOptions V4 = new RedirectOptions(false, false, false, List.of());

  @Test
  @DisplayName("redirection 12: with DNS, the rules are those recorded from Istio's agent")
  void equal_the_recorded_ones() throws IOException {
    assertThat(RedirectRules.found(golden(), DNS)).isEqualTo(Found.CURRENT);
    assertThat(RedirectRules.found(golden(), RedirectOptions.BASE)).isEqualTo(Found.OTHER);
  }

  @Test
  @DisplayName("redirection 12: base has 2 + 2 mangle, 2 nat prerouting, 4 nat output, no raw")
  void base_counts() {
    String rules = RedirectRules.capture(V4);

    assertThat(rulesIn(rules, "istio-ambient-nat", "istio-prerouting")).hasSize(2);
    assertThat(rulesIn(rules, "istio-ambient-nat", "istio-output")).hasSize(4);
    assertThat(rulesIn(rules, "istio-ambient-mangle", "istio-prerouting")).hasSize(1);
    assertThat(rulesIn(rules, "istio-ambient-mangle", "istio-output")).hasSize(1);
    assertThat(rules.split("jump istio-", -1)).hasSize(1 + 4);
    assertThat(rules).doesNotContain("table inet istio-ambient-raw {").doesNotContain("ip6");
  }

  @Test
  @DisplayName("redirection 12: DNS adds two rules to nat output and the raw table")
  void dns_adds() {
    String rules = RedirectRules.capture(new RedirectOptions(false, false, true, List.of()));

    assertThat(rulesIn(rules, "istio-ambient-nat", "istio-output")).hasSize(6);
    assertThat(rulesIn(rules, "istio-ambient-raw", "istio-output"))
        .containsExactly("udp dport 53 meta mark & 0xfff == 0x539 counter ct zone set 1");
  }

  @Test
  @DisplayName("redirection 12: IPv6 adds a twin directly after each rule that names an address")
  void ipv6_adds_twins() {
    assertThat(
            rulesIn(
                RedirectRules.capture(RedirectOptions.BASE), "istio-ambient-nat", "istio-output"))
        .containsExactly(
            "meta l4proto tcp ip daddr 169.254.7.127 counter accept",
            "meta l4proto tcp ip6 daddr fd16:9254:7127:1337:ffff:ffff:ffff:ffff counter accept",
            "meta l4proto tcp meta mark & 0xfff == 0x111 counter accept",
            "oifname \"lo\" ip daddr != 127.0.0.1 counter accept",
            "oifname \"lo\" ip6 daddr != ::1 counter accept",
            "meta l4proto tcp ip daddr != 127.0.0.1 meta mark & 0xfff != 0x539 counter redirect to :15001",
            "meta l4proto tcp ip6 daddr != ::1 meta mark & 0xfff != 0x539 counter redirect to :15001");
  }

  @Test
  @DisplayName("redirection 12: ingress leaves plaintext from outside alone, and captures outbound")
  void ingress() {
    String rules = RedirectRules.capture(INGRESS);

    assertThat(rulesIn(rules, "istio-ambient-nat", "istio-prerouting")).isEmpty();
    assertThat(rules).contains("redirect to :15001").doesNotContain(":15006");
  }

  @Test
  @DisplayName("redirection 12: traffic of a virtual interface counts as outbound")
  void virtual_interfaces() {
    String rules =
        RedirectRules.capture(new RedirectOptions(false, false, false, List.of("tap0", "vm.1")));

    assertThat(rulesIn(rules, "istio-ambient-nat", "istio-prerouting"))
        .startsWith(
            "iifname \"tap0\" meta l4proto tcp counter redirect to :15001",
            "iifname \"tap0\" meta l4proto tcp counter return",
            "iifname \"vm.1\" meta l4proto tcp counter redirect to :15001");
  }

  @Test
  void an_interface_name_cannot_carry_rules() {
    assertThatThrownBy(
            () -> new RedirectOptions(true, false, false, List.of("a\" counter; drop; \"")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("redirection 12: a drain redirects nothing and keeps marks and NAT hooks")
  void drain() {
    String rules = RedirectRules.drain();

    assertThat(rules)
        .contains("type nat hook output")
        .contains("ct mark set")
        .doesNotContain(":15");
    assertThat(RedirectRules.found(rules, RedirectOptions.BASE)).isEqualTo(Found.DRAINING);
  }

  @Test
  void every_text_replaces_all_tables_in_one_transaction() {
    for (String text :
        List.of(RedirectRules.capture(DNS), RedirectRules.drain(), RedirectRules.remove())) {
      for (String table : List.of("nat", "mangle", "raw")) {
        assertThat(text)
            .containsSubsequence(
                "add table inet istio-ambient-" + table,
                "delete table inet istio-ambient-" + table);
      }
      assertThat(text).contains("delete table inet ambit-guard");
    }
  }

  @Test
  void foreign_tables_are_not_looked_at() {
    assertThat(RedirectRules.found("table ip docker {\n\tchain x {\n\t}\n}\n", DNS))
        .isEqualTo(Found.NOTHING);
  }

  private static List<String> rulesIn(String ruleset, String table, String chain) {
    String inTable = ruleset.substring(ruleset.indexOf("table inet " + table + " {"));
    String inChain = inTable.substring(inTable.indexOf("chain " + chain + " {"));
    return inChain.substring(0, inChain.indexOf("\t}")).lines().skip(1).map(String::strip).toList();
  }

  private static String golden() throws IOException {
    try (var in = RedirectRulesTest.class.getResourceAsStream("/golden/nft-client-a.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
