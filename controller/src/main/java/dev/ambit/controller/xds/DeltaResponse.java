package dev.ambit.controller.xds;

import java.util.List;

/**
 * What a client is told.
 *
 * @param withAliases whether resources carry their aliases, as on-demand clients need them
 */
public record DeltaResponse(
    String typeUrl,
    String systemVersion,
    String nonce,
    List<EncodedResource> resources,
    boolean withAliases,
    List<String> removed) {}
