package dev.ambit.cli.reach;

import tools.jackson.databind.JsonNode;

/** The {@code /config_dump} of one node's ztunnel (spec: ztunnel-observability §3.1). */
public record Dump(String node, JsonNode json) {}
