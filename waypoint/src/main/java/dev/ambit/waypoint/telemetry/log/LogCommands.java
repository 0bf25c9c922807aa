package dev.ambit.waypoint.telemetry.log;

import dev.ambit.waypoint.http.ResponseHead;
import dev.ambit.waypoint.telemetry.Span;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.telemetry.log.LogFormat.Part;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Envoy's commands of access logs, as far as they have a meaning here (spec: l7-telemetry §3). */
final class LogCommands {
  private static final Pattern COMMAND =
      Pattern.compile("(?<name>[A-Z0-9_]+)(\\((?<argument>.*)\\))?(:(?<most>\\d{1,6}))?");

  /** Of a header; a client may send much. */
  private static final int MOST_CHARS = 4096;

  private LogCommands() {}

  /** Reads what stands between two {@code %}; throws IllegalArgumentException. */
  static Part read(String text) {
    Matcher matcher = COMMAND.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("got %" + text + "%, expected a command");
    }
    String most = matcher.group("most");
    int chars = most == null ? MOST_CHARS : Math.min(MOST_CHARS, Integer.parseInt(most));
    String argument = matcher.group("argument");
    Part part = command(matcher.group("name"), argument == null ? "" : argument, text);
    return told -> cut(part.of(told), chars);
  }

  private static @Nullable Object cut(@Nullable Object value, int chars) {
    return value instanceof String text && text.length() > chars ? text.substring(0, chars) : value;
  }

  private static Part command(String name, String argument, String text) {
    return switch (name) {
      case "START_TIME" -> TimeFormat.read(argument);
      case "REQ" -> header(argument, LogCommands::requestHeader);
      case "RESP" -> header(argument, LogCommands::responseHeader);
      case "TRAILER" -> _ -> null;
      case "PROTOCOL" -> told -> told.isHttp() ? told.request.version().toString() : null;
      case "RESPONSE_CODE" -> told -> (long) told.status;
      case "RESPONSE_FLAGS" -> told -> told.flags;
      case "RESPONSE_CODE_DETAILS" -> told -> present(told.details.replace(' ', '_'));
      case "CONNECTION_TERMINATION_DETAILS" -> _ -> null;
      case "UPSTREAM_TRANSPORT_FAILURE_REASON" -> told -> present(told.transportFailure);
      case "BYTES_RECEIVED" -> told -> told.bytesReceived;
      case "BYTES_SENT" -> told -> told.bytesSent;
      case "DURATION" -> told -> millis(told.endNanos - told.startNanos);
      case "RESPONSE_DURATION" -> LogCommands::untilFirstByte;
      case "GRPC_STATUS", "GRPC_STATUS_NUMBER" ->
          told -> told.grpcStatus < 0 ? null : (Object) (long) told.grpcStatus;
      case "ROUTE_NAME" -> told -> present(told.routeName);
      case "REQUESTED_SERVER_NAME" -> told -> present(told.serverName);
      case "UPSTREAM_REQUEST_ATTEMPT_COUNT" -> told -> (long) told.attempts;
      case "TRACE_ID" -> LogCommands::traceId;
      case "AMBIT_DENIED_BY" -> told -> present(told.deniedBy);
      case "AMBIT_AUDITED_BY" -> told -> present(PolicyNotes.audited(told));
      case "AMBIT_DRY_RUN" -> told -> present(PolicyNotes.dryRun(told));
      default -> place(name, text);
    };
  }

  /** Who and where. */
  private static Part place(String name, String text) {
    return switch (name) {
      case "UPSTREAM_HOST", "UPSTREAM_REMOTE_ADDRESS" -> told -> present(told.upstreamAddress());
      case "UPSTREAM_CLUSTER", "UPSTREAM_CLUSTER_RAW" ->
          told -> told.cluster == null ? null : told.cluster.name();
      case "UPSTREAM_LOCAL_ADDRESS" -> _ -> null;
      case "DOWNSTREAM_LOCAL_ADDRESS" -> told -> address(told.caller.local());
      case "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT" -> told -> host(told.caller.local());
      case "DOWNSTREAM_LOCAL_PORT" -> told -> (long) told.caller.local().getPort();
      case "DOWNSTREAM_REMOTE_ADDRESS", "DOWNSTREAM_DIRECT_REMOTE_ADDRESS" ->
          told -> address(told.caller.source());
      case "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
          "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" ->
          told -> host(told.caller.source());
      case "DOWNSTREAM_REMOTE_PORT" -> told -> (long) told.caller.source().getPort();
      case "DOWNSTREAM_PEER_URI_SAN" -> told -> told.caller.peer().toString();
      case "UPSTREAM_PEER_URI_SAN" ->
          told -> told.endpoint == null ? null : told.endpoint.workload().identity().toString();
      default -> throw new IllegalArgumentException("got %" + text + "%, which is not supported");
    };
  }

  /** Reads a header of an exchange. */
  @FunctionalInterface
  private interface Headers {
    @Nullable String of(Told told, String name);
  }

  /** {@code NAME} or {@code NAME?OTHER}. */
  private static Part header(String argument, Headers headers) {
    int question = argument.indexOf('?');
    String first =
        (question < 0 ? argument : argument.substring(0, question)).toLowerCase(Locale.ROOT);
    String second = question < 0 ? "" : argument.substring(question + 1).toLowerCase(Locale.ROOT);
    if (first.isEmpty()) {
      throw new IllegalArgumentException("got (" + argument + "), expected the name of a header");
    }
    return told -> {
      String value = headers.of(told, first);
      return value != null || second.isEmpty() ? value : headers.of(told, second);
    };
  }

  private static @Nullable String requestHeader(Told told, String name) {
    if (!told.isHttp()) {
      return null;
    }
    return switch (name) {
      case ":method" -> told.request.method();
      case ":path" -> told.originalTarget;
      case ":authority" -> present(told.request.authority());
      case ":scheme" -> told.request.scheme();
      case "x-envoy-original-path" -> null;
      case "x-request-id" -> present(told.requestId);
      default -> told.request.headers().get(name);
    };
  }

  private static @Nullable String responseHeader(Told told, String name) {
    ResponseHead response = told.response;
    String value = response == null ? null : response.headers().get(name);
    if (value == null && name.equals("x-envoy-upstream-service-time")) {
      Object millis = untilFirstByte(told);
      return millis == null ? null : millis.toString();
    }
    return value;
  }

  private static @Nullable Object untilFirstByte(Told told) {
    return told.firstUpstreamByteNanos == 0
        ? null
        : (Object) millis(told.firstUpstreamByteNanos - told.startNanos);
  }

  private static long millis(long nanos) {
    return nanos / 1_000_000;
  }

  private static @Nullable String traceId(Told told) {
    Span span = told.span;
    return span == null ? null : span.traceId();
  }

  private static @Nullable String present(String text) {
    return text.isEmpty() ? null : text;
  }

  private static String address(InetSocketAddress address) {
    return NetUtil.toSocketAddressString(address);
  }

  private static String host(InetSocketAddress address) {
    return address.getAddress() == null
        ? address.getHostString()
        : NetUtil.toAddressString(address.getAddress());
  }
}
