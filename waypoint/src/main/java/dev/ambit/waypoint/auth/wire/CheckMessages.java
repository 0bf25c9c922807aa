package dev.ambit.waypoint.auth.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import dev.ambit.proto.authz.Address;
import dev.ambit.proto.authz.AttributeContext;
import dev.ambit.proto.authz.CheckRequest;
import dev.ambit.proto.authz.CheckResponse;
import dev.ambit.proto.authz.DeniedHttpResponse;
import dev.ambit.proto.authz.HeaderValueOption;
import dev.ambit.proto.authz.OkHttpResponse;
import dev.ambit.proto.authz.SocketAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code envoy.service.auth.v3.Authorization/Check} as bytes (spec: l7-authorization §2). Pure. */
public final class CheckMessages {
  /** The method, as HTTP has it. */
  public static final String PATH = "/envoy.service.auth.v3.Authorization/Check";

  private static final int FORBIDDEN = 403;

  private CheckMessages() {}

  /**
   * What is asked about.
   *
   * @param headers names in lower case, pseudo headers among them
   * @param size of the body, -1 when not known
   * @param asBytes whether the body is shown as bytes
   */
  public record Question(
      Side source,
      Side destination,
      Instant time,
      Map<String, String> headers,
      String protocol,
      long size,
      byte[] body,
      boolean asBytes) {
    public Question {
      headers = Map.copyOf(headers);
    }
  }

  /** One end of the connection; {@code principal} "" when not known. */
  public record Side(InetSocketAddress address, String principal) {}

  /** What was answered. */
  public sealed interface Answer {}

  /**
   * It may pass.
   *
   * @param unsupported something was asked for that is not done here, "" when nothing was
   */
  public record Ok(
      List<Header> request, List<String> removed, List<Header> response, String unsupported)
      implements Answer {}

  /** It may not. */
  public record Denied(int status, List<Header> headers, byte[] body) implements Answer {}

  /** No answer. */
  public record Undecodable(String why) implements Answer {}

  /** One header, by name in lower case. */
  public record Header(String name, String value, How how) {}

  /** How a header meets one of the same name. */
  public enum How {
    REPLACE,
    APPEND,
    ONLY_IF_ABSENT,
    ONLY_IF_THERE
  }

  /** About a connection, of which only the ends are known. */
  public static byte[] request(Side source, Side destination) {
    return CheckRequest.newBuilder()
        .setAttributes(
            AttributeContext.newBuilder().setSource(peer(source)).setDestination(peer(destination)))
        .build()
        .toByteArray();
  }

  public static byte[] request(Question question) {
    Map<String, String> headers = question.headers();
    AttributeContext.HttpRequest.Builder http =
        AttributeContext.HttpRequest.newBuilder()
            .setId(headers.getOrDefault("x-request-id", ""))
            .setMethod(headers.getOrDefault(":method", ""))
            .setPath(headers.getOrDefault(":path", ""))
            .setHost(headers.getOrDefault(":authority", ""))
            .setScheme(headers.getOrDefault(":scheme", ""))
            .setProtocol(question.protocol())
            .setSize(question.size())
            .putAllHeaders(headers);
    if (question.asBytes()) {
      http.setRawBody(ByteString.copyFrom(question.body()));
    } else {
      http.setBody(new String(question.body(), StandardCharsets.UTF_8));
    }
    Instant time = question.time();
    return CheckRequest.newBuilder()
        .setAttributes(
            AttributeContext.newBuilder()
                .setSource(peer(question.source()))
                .setDestination(peer(question.destination()))
                .setRequest(
                    AttributeContext.Request.newBuilder()
                        .setTime(
                            Timestamp.newBuilder()
                                .setSeconds(time.getEpochSecond())
                                .setNanos(time.getNano()))
                        .setHttp(http)))
        .build()
        .toByteArray();
  }

  private static AttributeContext.Peer peer(Side side) {
    return AttributeContext.Peer.newBuilder()
        .setAddress(
            Address.newBuilder()
                .setSocketAddress(
                    SocketAddress.newBuilder()
                        .setAddress(side.address().getAddress().getHostAddress())
                        .setPortValue(side.address().getPort())))
        .setPrincipal(side.principal())
        .build();
  }

  public static Answer answer(byte[] message) {
    CheckResponse response;
    try {
      response = CheckResponse.parseFrom(message);
    } catch (InvalidProtocolBufferException garbage) {
      return new Undecodable("got no CheckResponse: " + garbage.getMessage());
    }
    if (response.getStatus().getCode() != 0) {
      return denied(response.getDeniedResponse());
    } else if (response.hasDeniedResponse()) {
      return new Undecodable("got a denied response with status OK, expected one of both");
    }
    OkHttpResponse ok = response.getOkResponse();
    boolean query = ok.getQueryParametersToSetCount() + ok.getQueryParametersToRemoveCount() > 0;
    return new Ok(
        headers(ok.getHeadersList()),
        List.copyOf(ok.getHeadersToRemoveList()),
        headers(ok.getResponseHeadersToAddList()),
        query ? "query parameters to change" : "");
  }

  private static Denied denied(DeniedHttpResponse denied) {
    int status = denied.getStatus().getCode();
    return new Denied(
        status < 200 || status > 599 ? FORBIDDEN : status,
        headers(denied.getHeadersList()),
        denied.getBody().getBytes(StandardCharsets.UTF_8));
  }

  private static List<Header> headers(List<HeaderValueOption> options) {
    return options.stream().map(CheckMessages::header).toList();
  }

  private static Header header(HeaderValueOption option) {
    String value =
        option.getHeader().getRawValue().isEmpty()
            ? option.getHeader().getValue()
            : option.getHeader().getRawValue().toString(StandardCharsets.ISO_8859_1);
    How how =
        switch (option.getAppendAction()) {
          case 1 -> How.ONLY_IF_ABSENT;
          case 3 -> How.ONLY_IF_THERE;
          default -> option.getAppend().getValue() ? How.APPEND : How.REPLACE;
        };
    return new Header(option.getHeader().getKey().toLowerCase(Locale.ROOT), value, how);
  }
}
