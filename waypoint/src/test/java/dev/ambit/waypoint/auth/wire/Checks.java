package dev.ambit.waypoint.auth.wire;

import com.google.protobuf.BoolValue;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.ambit.proto.authz.AttributeContext;
import dev.ambit.proto.authz.CheckRequest;
import dev.ambit.proto.authz.CheckResponse;
import dev.ambit.proto.authz.DeniedHttpResponse;
import dev.ambit.proto.authz.HeaderValue;
import dev.ambit.proto.authz.HeaderValueOption;
import dev.ambit.proto.authz.HttpStatus;
import dev.ambit.proto.authz.OkHttpResponse;
import dev.ambit.proto.authz.QueryParameter;
import dev.ambit.proto.discovery.Status;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Answers of gRPC providers, framed; and what they were asked, as a line. */
public final class Checks {
  private Checks() {}

  private static byte[] framed(byte[] message) {
    return ByteBuffer.allocate(message.length + 5)
        .put((byte) 0)
        .putInt(message.length)
        .put(message)
        .array();
  }

  private static byte[] framed(CheckResponse.Builder response) {
    return framed(response.build().toByteArray());
  }

  public static byte[] ok() {
    return framed(CheckResponse.newBuilder().setStatus(Status.newBuilder().setCode(0)));
  }

  private static HeaderValueOption.Builder header(String name, String value) {
    return HeaderValueOption.newBuilder()
        .setHeader(HeaderValue.newBuilder().setKey(name).setValue(value));
  }

  public static byte[] okWithHeaders() {
    return framed(
        CheckResponse.newBuilder()
            .setOkResponse(
                OkHttpResponse.newBuilder()
                    .addHeaders(header("X-User", "ann"))
                    .addHeaders(header("x-a", "3").setAppend(BoolValue.of(true)))
                    .addHeaders(header("x-role", "admin").setAppendAction(1))
                    .addHeaders(header("x-nobody", "1").setAppendAction(3))
                    .addHeaders(header("host", "evil"))
                    .addHeaders(header(":path", "/evil"))
                    .addHeaders(header("content-length", "0"))
                    .addHeadersToRemove("X-Secret")
                    .addHeadersToRemove("host")
                    .addResponseHeadersToAdd(
                        HeaderValueOption.newBuilder()
                            .setHeader(
                                HeaderValue.newBuilder()
                                    .setKey("x-seen")
                                    .setRawValue(ByteString.copyFromUtf8("yes"))))));
  }

  public static byte[] denied(int status, String body) {
    return framed(
        CheckResponse.newBuilder()
            .setStatus(Status.newBuilder().setCode(7))
            .setDeniedResponse(
                DeniedHttpResponse.newBuilder()
                    .setStatus(HttpStatus.newBuilder().setCode(status))
                    .addHeaders(header("x-why", "nobody"))
                    .addHeaders(header("transfer-encoding", "chunked"))
                    .setBody(body)));
  }

  public static byte[] garbage() {
    return framed("no protobuf at all".getBytes(StandardCharsets.UTF_8));
  }

  public static byte[] compressed() {
    byte[] framed = ok();
    framed[0] = 1;
    return framed;
  }

  public static byte[] contradiction() {
    return framed(CheckResponse.newBuilder().setDeniedResponse(DeniedHttpResponse.newBuilder()));
  }

  public static byte[] query() {
    return framed(
        CheckResponse.newBuilder()
            .setOkResponse(
                OkHttpResponse.newBuilder()
                    .addQueryParametersToSet(QueryParameter.newBuilder().setKey("a"))));
  }

  public static byte[] split() {
    return framed(
        CheckResponse.newBuilder()
            .setOkResponse(OkHttpResponse.newBuilder().addHeaders(header("x-a", "1\r\nx-b: 2"))));
  }

  /** What a provider was asked. */
  public static String described(byte[] message) throws InvalidProtocolBufferException {
    AttributeContext all = CheckRequest.parseFrom(message).getAttributes();
    AttributeContext.HttpRequest http = all.getRequest().getHttp();
    return side(all.getSource())
        + " -> "
        + side(all.getDestination())
        + " "
        + String.join(" ", http.getMethod(), http.getScheme(), http.getHost(), http.getPath())
        + " "
        + http.getProtocol()
        + " "
        + http.getSize()
        + " body="
        + http.getBody()
        + " x-a="
        + http.getHeadersOrDefault("x-a", "")
        + " partial="
        + http.getHeadersOrDefault("x-envoy-auth-partial-body", "");
  }

  private static String side(AttributeContext.Peer peer) {
    return peer.getAddress().getSocketAddress().getAddress()
        + ":"
        + peer.getAddress().getSocketAddress().getPortValue()
        + " "
        + peer.getPrincipal();
  }
}
