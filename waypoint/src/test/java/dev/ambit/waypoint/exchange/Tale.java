package dev.ambit.waypoint.exchange;

import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.telemetry.Recorder;
import dev.ambit.waypoint.telemetry.Told;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Keeps what is told, for other threads to read. */
public final class Tale implements Recorder {
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  /** Status, flags and details of the next exchange that ends, or of a connection. */
  public String next() throws InterruptedException {
    String line = lines.poll(10, TimeUnit.SECONDS);
    return line == null ? "nothing" : line;
  }

  @Override
  public void begun(Told told) {}

  @Override
  public void sending(Told told, RequestHead outgoing) {}

  @Override
  public void ended(Told told) {
    lines.add(told.status + " " + told.flags + " " + told.details);
  }

  @Override
  public Connection opened(Caller caller, String serverName) {
    return new Connection() {
      private long received;
      private long sent;

      @Override
      public void connected(Cluster.Key cluster, Cluster.@Nullable Endpoint endpoint) {}

      @Override
      public void received(int bytes) {
        received += bytes;
      }

      @Override
      public void sent(int bytes) {
        sent += bytes;
      }

      @Override
      public void closed(String flags, String details) {
        lines.add(flags + " " + received + " " + sent + " " + details);
      }
    };
  }
}
