package dev.ambit.dataplane.controlplane;

import java.util.Optional;

/** Where a channel gets its client certificate from. Thread-safe; may block on a call. */
public interface ClientCredentials {
  /** Without a client certificate; a bearer token speaks for the caller, if anything does. */
  ClientCredentials NONE =
      new ClientCredentials() {
        @Override
        public Optional<ClientCertificate> current() {
          return Optional.empty();
        }

        @Override
        public void rejected() {
          // There is nothing to replace.
        }
      };

  /** The certificate to connect with; throws when one is needed and cannot be had. */
  Optional<ClientCertificate> current();

  /** The control plane did not accept it; the next {@link #current} gets a new one. */
  void rejected();
}
