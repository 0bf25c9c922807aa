package dev.ambit.waypoint.telemetry;

import dev.ambit.model.telemetry.Attribute;
import dev.ambit.model.telemetry.Expression;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.http.ResponseHead;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** What expressions may ask of an exchange that has ended. */
public final class ToldFacts implements Expression.Facts {
  private final Told told;
  private final @Nullable Workload source;

  /**
   * @param source the client's workload, if it is known
   */
  public ToldFacts(Told told, @Nullable Workload source) {
    this.told = told;
    this.source = source;
  }

  @Override
  public @Nullable Object of(Attribute attribute) {
    return switch (attribute) {
      case REQUEST_METHOD -> present(told.request.method());
      case REQUEST_SCHEME -> present(told.request.scheme());
      case REQUEST_HOST -> present(told.request.authority());
      case REQUEST_PROTOCOL -> told.isHttp() ? told.request.version().toString() : null;
      case REQUEST_USER_AGENT -> requestHeader("user-agent");
      case REQUEST_PATH -> present(told.originalTarget);
      case REQUEST_URL_PATH -> present(told.originalPath());
      case REQUEST_QUERY -> query();
      case REQUEST_ID -> present(told.requestId);
      case REQUEST_SIZE -> told.bytesReceived;
      case RESPONSE_CODE -> told.status == 0 ? null : Long.valueOf(told.status);
      case RESPONSE_CODE_DETAILS -> present(told.details);
      case RESPONSE_GRPC_STATUS -> told.grpcStatus < 0 ? null : Long.valueOf(told.grpcStatus);
      case RESPONSE_SIZE -> told.bytesSent;
      case SOURCE_ADDRESS -> address(told.caller.source());
      case DESTINATION_ADDRESS -> address(told.caller.local());
      case DESTINATION_PORT -> Long.valueOf(told.caller.local().getPort());
      case UPSTREAM_ADDRESS -> present(told.upstreamAddress());
      case CONNECTION_MTLS -> true;
      case CONNECTION_SERVER_NAME -> present(told.serverName);
      case CONNECTION_PEER -> told.caller.peer().toString();
      case CLUSTER_NAME -> told.cluster == null ? null : told.cluster.name();
      case ROUTE_NAME -> present(told.routeName);
      case SOURCE_WORKLOAD -> source == null ? null : present(source.workloadName());
      case SOURCE_NAMESPACE -> told.caller.peer().namespace();
      case SOURCE_CLUSTER -> source == null ? null : present(source.clusterId());
      case SOURCE_SERVICE -> source == null ? null : present(source.canonicalName());
      case SOURCE_REVISION -> source == null ? null : present(source.canonicalRevision());
      case DESTINATION_WORKLOAD,
          DESTINATION_NAMESPACE,
          DESTINATION_CLUSTER,
          DESTINATION_SERVICE,
          DESTINATION_REVISION ->
          told.endpoint == null ? null : destination(attribute, told.endpoint.workload());
    };
  }

  private static @Nullable String destination(Attribute attribute, Workload workload) {
    return present(
        switch (attribute) {
          case DESTINATION_WORKLOAD -> workload.workloadName();
          case DESTINATION_NAMESPACE -> workload.namespace();
          case DESTINATION_CLUSTER -> workload.clusterId();
          case DESTINATION_SERVICE -> workload.canonicalName();
          case DESTINATION_REVISION -> workload.canonicalRevision();
          default -> "";
        });
  }

  private @Nullable String query() {
    int question = told.originalTarget.indexOf('?');
    return question < 0 ? null : told.originalTarget.substring(question + 1);
  }

  private static @Nullable String present(String text) {
    return text.isEmpty() ? null : text;
  }

  private static String address(InetSocketAddress address) {
    return NetUtil.toSocketAddressString(address);
  }

  @Override
  public @Nullable String requestHeader(String name) {
    return told.request.headers().get(name);
  }

  @Override
  public @Nullable String responseHeader(String name) {
    ResponseHead response = told.response;
    return response == null ? null : response.headers().get(name);
  }
}
