package dev.ambit.model.dns;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The names a queried one may stand for, in the order they are tried (spec: dns §3): itself, what
 * Kubernetes would expand it to, and the same of what is left when a search domain of the client's
 * resolver is taken off again. Pure.
 */
final class CandidateNames {
  private final String domain;
  private final String namespace;
  private final List<Candidate> all = new ArrayList<>();
  private final Set<String> seen = new TreeSet<>();

  /**
   * @param name a hostname of the mesh to look up
   * @param stripped what was left of the queried name without a search domain; "" when none was
   *     taken off
   */
  record Candidate(String name, String stripped) {}

  private CandidateNames(String namespace, String domain) {
    this.namespace = namespace;
    this.domain = domain;
  }

  /**
   * @param queried lower case, without the final dot
   * @param namespace of the client
   * @param domain of the cluster
   */
  static List<Candidate> of(String queried, String namespace, String domain) {
    CandidateNames names = new CandidateNames(namespace, domain);
    names.add(queried, "");
    for (String search : List.of(namespace + ".svc." + domain, "svc." + domain, domain)) {
      if (queried.endsWith("." + search)) {
        String stripped = queried.substring(0, queried.length() - search.length() - 1);
        names.add(stripped, stripped);
      }
    }
    return names.all;
  }

  private void add(String name, String stripped) {
    put(name, stripped);
    String[] labels = name.split("\\.", -1);
    boolean service = labels[labels.length - 1].equals("svc");
    switch (labels.length) {
      case 1 -> put(name + "." + namespace + ".svc." + domain, stripped);
      case 2 -> {
        put(name + ".svc." + domain, stripped);
        put(name + "." + namespace + ".svc." + domain, stripped);
      }
      case 3 -> {
        if (service) {
          put(name + "." + domain, stripped);
        }
        put(name + ".svc." + domain, stripped);
      }
      case 4 -> {
        if (service) {
          put(name + "." + domain, stripped);
        }
      }
      default -> {}
    }
  }

  private void put(String name, String stripped) {
    if (seen.add(name)) {
      all.add(new Candidate(name, stripped));
    }
  }
}
