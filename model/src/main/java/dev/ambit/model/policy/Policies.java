package dev.ambit.model.policy;

import java.util.Collection;
import java.util.Optional;

/** The policies of one state of the mesh, as {@link Authorizer} reads them. */
public interface Policies {
  Optional<Policy> policy(PolicyKey key);

  Collection<Policy> policies();
}
