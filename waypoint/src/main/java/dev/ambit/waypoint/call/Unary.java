package dev.ambit.waypoint.call;

import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.waypoint.call.Outcall.Answer;
import dev.ambit.waypoint.call.Outcall.Question;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/** Calls of gRPC with one message each way, as HTTP/2 has them. Pure. */
public final class Unary {
  private static final int PREFIX = 5;
  private static final int MOST_ANSWER = 64 * 1024;
  private static final long MOST_MILLIS = 99_999_999;

  private Unary() {}

  /** What came of a call. */
  public sealed interface Result {}

  /** The message of an answer with status OK. */
  public record Message(byte[] bytes) implements Result {}

  /**
   * There was none.
   *
   * @param status of gRPC; -1 when the answer said none
   */
  public record Failed(int status, String why) implements Result {}

  /**
   * A call.
   *
   * @param path {@code /package.Service/Method}
   * @param metadata beside what gRPC itself needs; becomes part of the call
   */
  public static Question question(
      Backend backend, String path, HttpHeaders metadata, byte[] message, Duration timeout) {
    long millis = timeout.toMillis();
    metadata
        .set("content-type", "application/grpc")
        .set("te", "trailers")
        .set("grpc-timeout", millis <= MOST_MILLIS ? millis + "m" : millis / 1000 + "S");
    RequestHead head =
        new RequestHead(
            "POST", "http", authority(backend), path, metadata, "", RequestHead.Version.HTTP_2);
    byte[] framed =
        ByteBuffer.allocate(PREFIX + message.length)
            .put((byte) 0)
            .putInt(message.length)
            .put(message)
            .array();
    return new Question(head, framed, Cluster.Protocol.HTTP_2, timeout, MOST_ANSWER);
  }

  /** Host and port as the mesh or DNS knows them. */
  public static String authority(Backend backend) {
    return backend.service().substring(backend.service().indexOf('/') + 1) + ":" + backend.port();
  }

  /** What an answer means. */
  public static Result result(Answer answer) {
    String status = status(answer);
    if (answer.status() != 200 || !status.equals("0")) {
      int number = status.matches("\\d{1,3}") ? Integer.parseInt(status) : -1;
      return new Failed(number, "got status " + answer.status() + ", grpc-status " + status);
    }
    byte[] body = answer.body();
    if (body.length < PREFIX
        || body[0] != 0
        || ByteBuffer.wrap(body).getInt(1) != body.length - PREFIX) {
      return new Failed(-1, "got " + body.length + " bytes, expected one message");
    }
    return new Message(Arrays.copyOfRange(body, PREFIX, body.length));
  }

  private static String status(Answer answer) {
    String trailer = answer.trailers().get("grpc-status");
    String status = trailer == null ? answer.headers().get("grpc-status") : trailer;
    return status == null ? "none" : status;
  }
}
