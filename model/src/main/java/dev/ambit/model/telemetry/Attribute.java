package dev.ambit.model.telemetry;

import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What expressions may ask of a request (spec: l7-telemetry §2). Those that differ from request to
 * request are no good for tags, of which every value is a series.
 */
public enum Attribute {
  REQUEST_METHOD("request.method", Type.TEXT, true),
  REQUEST_SCHEME("request.scheme", Type.TEXT, true),
  REQUEST_HOST("request.host", Type.TEXT, true),
  REQUEST_PROTOCOL("request.protocol", Type.TEXT, true),
  REQUEST_USER_AGENT("request.useragent", Type.TEXT, true),
  REQUEST_PATH("request.path", Type.TEXT, false),
  REQUEST_URL_PATH("request.url_path", Type.TEXT, false),
  REQUEST_QUERY("request.query", Type.TEXT, false),
  REQUEST_ID("request.id", Type.TEXT, false),
  REQUEST_SIZE("request.size", Type.NUMBER, false),
  RESPONSE_CODE("response.code", Type.NUMBER, true),
  RESPONSE_CODE_DETAILS("response.code_details", Type.TEXT, true),
  RESPONSE_GRPC_STATUS("response.grpc_status", Type.NUMBER, true),
  RESPONSE_SIZE("response.size", Type.NUMBER, false),
  SOURCE_ADDRESS("source.address", Type.TEXT, false),
  DESTINATION_ADDRESS("destination.address", Type.TEXT, false),
  DESTINATION_PORT("destination.port", Type.NUMBER, true),
  UPSTREAM_ADDRESS("upstream.address", Type.TEXT, false),
  CONNECTION_MTLS("connection.mtls", Type.TRUTH, true),
  CONNECTION_SERVER_NAME("connection.requested_server_name", Type.TEXT, true),
  CONNECTION_PEER("connection.uri_san_peer_certificate", Type.TEXT, true),
  CLUSTER_NAME("xds.cluster_name", Type.TEXT, true),
  ROUTE_NAME("xds.route_name", Type.TEXT, true),
  SOURCE_WORKLOAD("filter_state.downstream_peer.workload", Type.TEXT, true),
  SOURCE_NAMESPACE("filter_state.downstream_peer.namespace", Type.TEXT, true),
  SOURCE_CLUSTER("filter_state.downstream_peer.cluster", Type.TEXT, true),
  SOURCE_SERVICE("filter_state.downstream_peer.service", Type.TEXT, true),
  SOURCE_REVISION("filter_state.downstream_peer.revision", Type.TEXT, true),
  DESTINATION_WORKLOAD("filter_state.upstream_peer.workload", Type.TEXT, true),
  DESTINATION_NAMESPACE("filter_state.upstream_peer.namespace", Type.TEXT, true),
  DESTINATION_CLUSTER("filter_state.upstream_peer.cluster", Type.TEXT, true),
  DESTINATION_SERVICE("filter_state.upstream_peer.service", Type.TEXT, true),
  DESTINATION_REVISION("filter_state.upstream_peer.revision", Type.TEXT, true);

  private static final Map<String, Attribute> BY_NAME =
      Stream.of(values())
          .collect(Collectors.toUnmodifiableMap(each -> each.text, Function.identity()));

  private final String text;
  private final Type type;
  private final boolean fewValues;

  Attribute(String text, Type type, boolean fewValues) {
    this.text = text;
    this.type = type;
    this.fewValues = fewValues;
  }

  /** What values are like. */
  enum Type {
    TEXT,
    NUMBER,
    TRUTH
  }

  Type type() {
    return type;
  }

  /** Whether it may be the value of a tag. */
  boolean fewValues() {
    return fewValues;
  }

  /** Null when there is none of that name. */
  static @Nullable Attribute named(String text) {
    return BY_NAME.get(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
