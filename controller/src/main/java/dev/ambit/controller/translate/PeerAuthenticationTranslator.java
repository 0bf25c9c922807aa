package dev.ambit.controller.translate;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.PeerAuthentication;
import dev.ambit.model.object.PeerAuthentication.Mode;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.Policy.Clause;
import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.Rule;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.StringMatch;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * PeerAuthentications to DENY policies that refuse plaintext (spec: l4-authorization §5). Pure.
 *
 * <p>The mode of a workload is that of the oldest selecting object, else of its namespace, else of
 * the mesh; UNSET inherits and DISABLE counts as PERMISSIVE.
 */
final class PeerAuthenticationTranslator {
  private static final String CONVERTED = "converted_peer_authentication_";
  private static final List<StringMatch> ANY = List.of(new StringMatch.Presence());
  private static final Match NO_IDENTITY = plaintext(List.of());

  /**
   * Conflicts are won by age; equally old objects by name, so that the answer is always the same.
   */
  private static final Comparator<PeerAuthentication> OLDEST_FIRST =
      Comparator.comparing((PeerAuthentication each) -> each.metadata().created())
          .thenComparing(each -> each.metadata().name());

  private final String rootNamespace;

  PeerAuthenticationTranslator(String rootNamespace) {
    this.rootNamespace = rootNamespace;
  }

  /** The policy that every strict workload names; it exists as soon as any object does. */
  Policy staticStrict() {
    return new Policy(
        staticKey(),
        Policy.Scope.WORKLOAD_SELECTOR,
        Policy.Action.DENY,
        List.of(new Rule(List.of(new Clause(List.of(NO_IDENTITY))))),
        false);
  }

  PolicyKey staticKey() {
    return new PolicyKey(rootNamespace, "istio_converted_static_strict");
  }

  static PolicyKey convertedKey(PeerAuthentication peer) {
    Metadata metadata = peer.metadata();
    return new PolicyKey(metadata.namespace(), CONVERTED + metadata.name());
  }

  /** What holds in {@code namespace}, given its own objects and those of the root namespace. */
  Modes modes(
      String namespace, Collection<PeerAuthentication> own, Collection<PeerAuthentication> ofRoot) {
    Mode mesh = modeOf(wide(ofRoot), Mode.PERMISSIVE);
    if (namespace.equals(rootNamespace)) {
      // As in istiod, objects of the root namespace that select are not for ztunnel.
      return new Modes(mesh, List.of());
    }
    List<PeerAuthentication> selecting = new ArrayList<>();
    for (PeerAuthentication each : own) {
      if (!each.selector().isEmpty()) {
        selecting.add(each);
      }
    }
    selecting.sort(OLDEST_FIRST);
    return new Modes(modeOf(wide(own), mesh), selecting);
  }

  private static Optional<PeerAuthentication> wide(Collection<PeerAuthentication> all) {
    return all.stream().filter(each -> each.selector().isEmpty()).min(OLDEST_FIRST);
  }

  private static Mode modeOf(Optional<PeerAuthentication> stated, Mode inherited) {
    return stated.map(each -> effective(each.mode(), inherited)).orElse(inherited);
  }

  private static Mode effective(Mode stated, Mode inherited) {
    return switch (stated) {
      case UNSET -> inherited;
      case STRICT -> Mode.STRICT;
      case DISABLE, PERMISSIVE -> Mode.PERMISSIVE;
    };
  }

  private static Match plaintext(List<Integer> ports) {
    Match empty = Match.EMPTY;
    return new Match(
        empty.namespaces(),
        empty.notNamespaces(),
        empty.principals(),
        ANY,
        empty.sourceIps(),
        empty.notSourceIps(),
        empty.destinationIps(),
        empty.notDestinationIps(),
        ports,
        empty.notDestinationPorts(),
        empty.serviceAccounts(),
        empty.notServiceAccounts());
  }

  private static Match notPort(int port) {
    Match empty = Match.EMPTY;
    return new Match(
        empty.namespaces(),
        empty.notNamespaces(),
        empty.principals(),
        empty.notPrincipals(),
        empty.sourceIps(),
        empty.notSourceIps(),
        empty.destinationIps(),
        empty.notDestinationIps(),
        empty.destinationPorts(),
        List.of(port),
        empty.serviceAccounts(),
        empty.notServiceAccounts());
  }

  /**
   * The modes of one namespace.
   *
   * @param base of workloads that nothing selects: PERMISSIVE or STRICT
   * @param selecting oldest first
   */
  final class Modes {
    private final Mode base;
    private final List<PeerAuthentication> selecting;

    private Modes(Mode base, List<PeerAuthentication> selecting) {
      this.base = base;
      this.selecting = List.copyOf(selecting);
    }

    /** The names of the policies for a workload with {@code labels}, sorted. */
    Collection<String> policiesOf(Map<String, String> labels) {
      PeerAuthentication chosen = null;
      for (PeerAuthentication each : selecting) {
        if (SelectorIndex.selects(each.selector(), labels)) {
          chosen = each;
          break;
        }
      }
      return names(chosen);
    }

    private Collection<String> names(@Nullable PeerAuthentication chosen) {
      TreeSet<String> names = new TreeSet<>();
      if (chosen != null && converted(chosen).isPresent()) {
        names.add(convertedKey(chosen).toString());
      } else if ((chosen == null ? base : effective(chosen.mode(), base)) == Mode.STRICT) {
        names.add(staticKey().toString());
      }
      return names;
    }

    /** The port exceptions of each selecting object that makes any. */
    List<Policy> converted() {
      return selecting.stream().map(this::converted).flatMap(Optional::stream).toList();
    }

    /** The policy of one selecting object; empty when its ports differ in nothing. */
    private Optional<Policy> converted(PeerAuthentication peer) {
      Map<Integer, Mode> ports = new TreeMap<>(peer.portModes());
      List<Rule> rules = new ArrayList<>();
      if (effective(peer.mode(), base) == Mode.STRICT) {
        List<Clause> clauses = new ArrayList<>();
        clauses.add(new Clause(List.of(NO_IDENTITY)));
        ports.forEach((port, mode) -> {
          if (mode == Mode.PERMISSIVE || mode == Mode.DISABLE) {
            clauses.add(new Clause(List.of(notPort(port))));
          }
        });
        if (clauses.size() > 1) {
          rules.add(new Rule(clauses));
        }
      } else {
        ports.forEach((port, mode) -> {
          if (mode == Mode.STRICT) {
            rules.add(new Rule(List.of(new Clause(List.of(plaintext(List.of(port)))))));
          }
        });
      }
      return rules.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new Policy(
                  convertedKey(peer),
                  Policy.Scope.WORKLOAD_SELECTOR,
                  Policy.Action.DENY,
                  rules,
                  false));
    }
  }
}
