package dev.ambit.waypoint.server;

import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;

/** Takes requests off the front. Called on the loop of the client's connection. */
public interface HttpService {
  /**
   * A well-formed request arrived; {@code stream} has not been started. The service owns it from
   * here and must answer or reset it.
   *
   * @param ended whether the request has no body; nothing more is then delivered of it, and no
   *     {@link HttpStream.Receiver#onFinish}. Never of an upgrade
   */
  void serve(Caller caller, RequestHead head, boolean ended, HttpStream stream);

  /**
   * The front refused a malformed request by itself, with {@code status}; for log and metrics.
   *
   * @param detail what was wrong, in Envoy's words where there are some ({@code http1.codec_error})
   */
  void refused(Caller caller, int status, String detail);
}
