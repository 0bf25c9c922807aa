package dev.ambit.dataplane.xds;

import java.util.Map;

/**
 * What the client says on a delta stream. Subscriptions are always wildcard, so there are no names
 * (spec: workload-xds §2).
 *
 * @param first whether it is the first of its type on this stream, which carries the node
 * @param retained name to version of what is held from an earlier stream; first requests only
 * @param nonce of the response that is answered; "" on first requests
 * @param error why resources of that response were rejected; "" when none was
 */
public record DeltaRequest(
    String typeUrl, boolean first, Map<String, String> retained, String nonce, String error) {
  public DeltaRequest {
    retained = Map.copyOf(retained);
  }

  static DeltaRequest subscribe(String typeUrl, Map<String, String> retained) {
    return new DeltaRequest(typeUrl, true, retained, "", "");
  }

  static DeltaRequest answer(DeltaResponse to, String error) {
    return new DeltaRequest(to.typeUrl(), false, Map.of(), to.nonce(), error);
  }
}
