package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.telemetry.Recorder;
import dev.ambit.waypoint.telemetry.Told;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Remembers what was told. */
final class Book implements Recorder {
  int begun;
  final List<Told> ended = new ArrayList<>();
  final List<String> connections = new ArrayList<>();

  Told last() {
    return ended.getLast();
  }

  /** Status, flags and details of the last exchange. */
  String outcome() {
    return last().status + " " + last().flags + " " + last().details;
  }

  @Override
  public void begun(Told told) {
    begun++;
    told.requestId = "id-" + begun;
    told.request.headers().set("x-request-id", told.requestId);
  }

  @Override
  public void sending(Told told, RequestHead outgoing) {
    outgoing.headers().set("traceparent", "00-" + "a".repeat(32) + "-" + "b".repeat(16) + "-01");
  }

  @Override
  public void ended(Told told) {
    assertThat(ended).doesNotContain(told);
    ended.add(told);
  }

  @Override
  public Connection opened(Caller caller, String serverName) {
    connections.add("opened " + serverName);
    return new Connection() {
      @Override
      public void refusedBy(String whom) {
        connections.add("refused by " + whom);
      }

      @Override
      public void connected(Cluster.Key cluster, Cluster.@Nullable Endpoint endpoint) {
        connections.add("connected " + cluster.name());
      }

      @Override
      public void received(int bytes) {
        connections.add("received " + bytes);
      }

      @Override
      public void sent(int bytes) {
        connections.add("sent " + bytes);
      }

      @Override
      public void closed(String flags, String details) {
        connections.add("closed " + flags + " " + details);
      }
    };
  }
}
