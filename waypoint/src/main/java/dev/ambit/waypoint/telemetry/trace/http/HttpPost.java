package dev.ambit.waypoint.telemetry.trace.http;

import dev.ambit.waypoint.telemetry.export.Collector;
import dev.ambit.waypoint.telemetry.export.Transport;
import dev.ambit.waypoint.telemetry.trace.FinishedSpan;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Posts batches to a collector over HTTP/1.1. */
public final class HttpPost implements Transport<FinishedSpan> {
  private final Collector collector;
  private final Target target;
  private final Function<List<FinishedSpan>, byte[]> encoding;
  private final HttpClient client;

  /**
   * What is posted where.
   *
   * @param headers beside the content type
   */
  public record Target(
      String path, String contentType, Map<String, String> headers, Duration timeout) {
    public Target {
      headers = Map.copyOf(headers);
    }
  }

  public HttpPost(
      Collector collector, Target target, Function<List<FinishedSpan>, byte[]> encoding) {
    this.collector = collector;
    this.target = target;
    this.encoding = encoding;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(target.timeout())
            .build();
  }

  @Override
  public Outcome send(List<FinishedSpan> spans) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + collector.authority() + target.path()))
            .timeout(target.timeout())
            .header("content-type", target.contentType())
            .POST(HttpRequest.BodyPublishers.ofByteArray(encoding.apply(spans)));
    target.headers().forEach(request::header);
    try {
      HttpResponse<Void> answer =
          client.send(request.build(), HttpResponse.BodyHandlers.discarding());
      return switch (answer.statusCode()) {
        case 429, 502, 503, 504 -> Outcome.LATER;
        default -> answer.statusCode() / 100 == 2 ? Outcome.TAKEN : Outcome.REFUSED;
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
