package dev.ambit.controller.xds;

import java.util.List;
import java.util.Map;

/**
 * What a client asks or answers (spec: workload-xds §2).
 *
 * @param nodeId "" when the request carries no node
 * @param nodeName NODE_NAME of the node's metadata, "" when absent
 * @param nonce of the response it answers, "" when it answers none
 * @param error why that response was rejected, "" when it was not
 */
public record DeltaRequest(
    String nodeId,
    String nodeName,
    String typeUrl,
    List<String> subscribe,
    List<String> unsubscribe,
    Map<String, String> initialVersions,
    String nonce,
    String error) {}
