package dev.ambit.model.object;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One of the mesh's {@code extensionProviders}: somebody outside who is asked or told something,
 * under the name that policies and Telemetry objects use.
 */
public record ExtensionProvider(String name, Kind kind) {
  /** What it is for. */
  public sealed interface Kind {}

  /**
   * Where it is.
   *
   * @param service a host name, or {@code namespace/host}
   */
  public record Backend(String service, int port) {}

  /** Decides on requests over gRPC ({@code envoyExtAuthzGrpc}). */
  public record GrpcAuthorization(Backend backend, Checking checking) implements Kind {}

  /**
   * Decides on requests over HTTP ({@code envoyExtAuthzHttp}). Header names are in lower case; each
   * may begin or end with {@code *}.
   *
   * @param pathPrefix goes before the path of the request
   * @param sent headers of the request that are shown
   * @param added headers that are added to what is shown
   */
  public record HttpAuthorization(
      Backend backend,
      Checking checking,
      String pathPrefix,
      List<String> sent,
      Map<String, String> added,
      Passing passing)
      implements Kind {
    public HttpAuthorization {
      sent = List.copyOf(sent);
      added = Map.copyOf(added);
    }
  }

  /** Headers of an answer that go on, by the way they go. */
  public record Passing(
      List<String> upstreamOnAllow, List<String> downstreamOnAllow, List<String> downstreamOnDeny) {
    public Passing {
      upstreamOnAllow = List.copyOf(upstreamOnAllow);
      downstreamOnAllow = List.copyOf(downstreamOnAllow);
      downstreamOnDeny = List.copyOf(downstreamOnDeny);
    }
  }

  /**
   * How it is asked.
   *
   * @param failOpen whether a request passes when it cannot be asked
   * @param statusOnError of requests that are refused because it cannot be asked
   * @param body null when it does not see bodies
   */
  public record Checking(
      Duration timeout, boolean failOpen, int statusOnError, @Nullable CheckedBody body) {
    /** As Istio has it. */
    public static final Checking USUAL = new Checking(Duration.ofSeconds(600), false, 403, null);
  }

  /**
   * The part of a body that is shown.
   *
   * @param mostBytes of it
   * @param partial whether of a larger body its beginning is shown; such a request is otherwise
   *     refused with 413
   * @param asBytes whether a gRPC provider gets it as bytes
   */
  public record CheckedBody(int mostBytes, boolean partial, boolean asBytes) {}

  /** Takes spans ({@code zipkin}); {@code path} as said, "" when not. */
  public record Zipkin(Backend backend, String path) implements Kind {}

  /**
   * Takes spans over OTLP ({@code opentelemetry}): by HTTP when {@code httpPath} is not "", else by
   * gRPC.
   */
  public record OpenTelemetry(
      Backend backend, String httpPath, Duration timeout, Map<String, String> headers)
      implements Kind {
    public OpenTelemetry {
      headers = Map.copyOf(headers);
    }
  }

  /** Takes access logs over OTLP ({@code envoyOtelAls}). */
  public record OtelAccessLog(Backend backend, String logName, LogFormat format) implements Kind {}

  /** A file of access logs ({@code envoyFileAccessLog}). */
  public record FileAccessLog(String path, LogFormat format) implements Kind {}

  /** Text with {@code %OPERATORS%}, or labels with such text; "" and empty when not said. */
  public record LogFormat(String text, Map<String, String> labels) {
    public static final LogFormat USUAL = new LogFormat("", Map.of());

    public LogFormat {
      labels = Map.copyOf(labels);
    }
  }

  /** Metrics are scraped. */
  public record Prometheus() implements Kind {}

  /** One that Ambit does not know how to talk to; {@code field} is what it was called. */
  public record Other(String field) implements Kind {}
}
