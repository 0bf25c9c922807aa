package dev.ambit.waypoint.telemetry.trace.http;

import dev.ambit.model.object.ExtensionProvider.Backend;
import dev.ambit.waypoint.call.Outcall;
import dev.ambit.waypoint.call.OwnCalls;
import dev.ambit.waypoint.call.Unary;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.telemetry.export.Transport;
import dev.ambit.waypoint.telemetry.trace.FinishedSpan;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Posts batches to a collector over HTTP/1.1. */
public final class HttpPost implements Transport<FinishedSpan> {
  private static final int MOST_ANSWER = 64 * 1024;

  private final OwnCalls calls;
  private final Target target;
  private final Function<List<FinishedSpan>, byte[]> encoding;

  /**
   * What is posted where.
   *
   * @param headers beside the content type
   */
  public record Target(
      Backend backend,
      String path,
      String contentType,
      Map<String, String> headers,
      Duration timeout) {
    public Target {
      headers = Map.copyOf(headers);
    }
  }

  public HttpPost(OwnCalls calls, Target target, Function<List<FinishedSpan>, byte[]> encoding) {
    this.calls = calls;
    this.target = target;
    this.encoding = encoding;
  }

  @Override
  public Outcome send(List<FinishedSpan> spans) throws IOException, InterruptedException {
    byte[] body = encoding.apply(spans);
    HttpHeaders headers = new DefaultHttpHeaders();
    target.headers().forEach(headers::set);
    headers.set("content-type", target.contentType()).set("content-length", body.length);
    RequestHead head =
        new RequestHead(
            "POST",
            "http",
            Unary.authority(target.backend()),
            target.path(),
            headers,
            "",
            RequestHead.Version.HTTP_1_1);
    int status =
        calls
            .ask(
                target.backend(),
                new Outcall.Question(
                    head, body, Cluster.Protocol.HTTP_1, target.timeout(), MOST_ANSWER))
            .status();
    if (status / 100 == 2) {
      return Outcome.TAKEN;
    }
    return Outcome.isForNow(status) ? Outcome.LATER : Outcome.REFUSED;
  }
}
