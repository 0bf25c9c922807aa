package dev.ambit.model.mesh;

import dev.ambit.model.policy.Policies.Compiled;
import dev.ambit.model.policy.Policy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Policies by name, and those that cover a namespace or the whole mesh. Immutable. */
record PolicyIndex(
    TrieMap<String, Compiled> byName,
    List<Compiled> global,
    TrieMap<String, List<Compiled>> byNamespace) {

  static final PolicyIndex EMPTY = new PolicyIndex(TrieMap.empty(), List.of(), TrieMap.empty());

  @Nullable Compiled named(String name) {
    return byName.get(name);
  }

  List<Compiled> ofNamespace(String namespace) {
    return byNamespace.get(namespace, List.of());
  }

  PolicyIndex with(Policy policy) {
    String name = policy.key().toString();
    Compiled old = byName.get(name);
    if (old != null && old.policy().equals(policy)) {
      return this;
    }
    Compiled compiled = Compiled.of(policy);
    PolicyIndex rest = old == null ? this : without(old);
    TrieMap<String, Compiled> names = rest.byName.with(name, compiled);
    String namespace = policy.key().namespace();
    return switch (policy.scope()) {
      case GLOBAL -> new PolicyIndex(names, inserted(rest.global, compiled), rest.byNamespace);
      case NAMESPACE ->
          new PolicyIndex(
              names,
              rest.global,
              rest.byNamespace.with(namespace, inserted(rest.ofNamespace(namespace), compiled)));
      case WORKLOAD_SELECTOR -> new PolicyIndex(names, rest.global, rest.byNamespace);
    };
  }

  PolicyIndex without(Compiled compiled) {
    TrieMap<String, Compiled> names = byName.without(compiled.name());
    String namespace = compiled.policy().key().namespace();
    return switch (compiled.policy().scope()) {
      case GLOBAL -> new PolicyIndex(names, removed(global, compiled), byNamespace);
      case NAMESPACE -> {
        List<Compiled> rest = removed(ofNamespace(namespace), compiled);
        yield new PolicyIndex(
            names,
            global,
            rest.isEmpty() ? byNamespace.without(namespace) : byNamespace.with(namespace, rest));
      }
      case WORKLOAD_SELECTOR -> new PolicyIndex(names, global, byNamespace);
    };
  }

  /** In the order of names, so that the policy a verdict names does not depend on arrival. */
  private static List<Compiled> inserted(List<Compiled> others, Compiled added) {
    List<Compiled> all = new ArrayList<>(others);
    int at = 0;
    while (at < all.size() && all.get(at).name().compareTo(added.name()) < 0) {
      at++;
    }
    all.add(at, added);
    return List.copyOf(all);
  }

  private static List<Compiled> removed(List<Compiled> all, Compiled gone) {
    return all.stream().filter(other -> !other.name().equals(gone.name())).toList();
  }
}
