package dev.ambit.waypoint.exchange;

import dev.ambit.dataplane.relay.Leg;
import dev.ambit.dataplane.relay.Relay;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.HttpSubject;
import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.traffic.RequestHash;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Checked;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Passed;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Refused;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.telemetry.Recorder;
import dev.ambit.waypoint.upstream.Upstreams;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A connection that is relayed as it is (spec: http-routing §7): whether it may be, where it goes,
 * and how long it may stand still. Confined to the loop of the client's connection.
 */
final class Connection implements Relay.Listener {
  private static final Duration HALF_OPEN_LIMIT = Duration.ofHours(1);

  private final Exchanges.Parts parts;
  private final Snapshot snapshot;
  private final Caller caller;
  private final String serverName;
  private final Leg client;
  private final Recorder.Connection told;
  private final Deadline idle;
  private final Deadline longest;
  private Upstreams.@Nullable Chosen chosen;
  private @Nullable Relay relay;
  private String flags = "-";
  private String details = "";
  private long moved;
  private boolean over;

  Connection(
      Exchanges.Parts parts, Snapshot snapshot, Caller caller, String serverName, Leg client) {
    this.parts = parts;
    this.snapshot = snapshot;
    this.caller = caller;
    this.serverName = serverName;
    this.client = client;
    this.told = parts.recorder().opened(caller, serverName);
    this.idle = new Deadline(caller.loop());
    this.longest = new Deadline(caller.loop());
  }

  void begin() {
    Destination destination = caller.destination();
    HttpSubject subject =
        new HttpSubject(
            null,
            caller.peer(),
            caller.source().getAddress(),
            caller.source().getAddress(),
            caller.local(),
            serverName,
            null);
    switch (destination.tcp().custom(subject)) {
      case HttpAuthorizer.NoneToAsk _ -> authorize(destination, subject);
      case HttpAuthorizer.CannotAsk(String reason) -> {
        told.refusedBy(reason);
        refuse("-", "rbac_access_denied_matched_policy[custom]");
      }
      case HttpAuthorizer.Ask(List<String> providers) ->
          parts
              .external()
              .check(providers, subject, caller)
              .addListener((Future<Checked> done) -> checked(done.getNow(), destination, subject));
    }
  }

  private void checked(@Nullable Checked answer, Destination destination, HttpSubject subject) {
    if (answer instanceof Passed) {
      authorize(destination, subject);
      return;
    }
    told.refusedBy(answer instanceof Refused refused ? refused.why() : Details.CHECK_DENIED);
    refuse(LocalReply.CHECK_DENIED.flag(), Details.CHECK_DENIED);
  }

  private void authorize(Destination destination, HttpSubject subject) {
    HttpAuthorizer.Decision decision = destination.tcp().decide(subject);
    told.judged(decision);
    switch (decision.verdict()) {
      case Verdict.Denied denied -> refuse("-", denied.reason());
      case Verdict.Allowed _ -> route(destination);
    }
  }

  private void route(Destination destination) {
    RouteAction.Share share = destination.streams().choose(parts.random());
    switch (share == null ? null : share.backend()) {
      case null -> fail(LocalReply.NO_ROUTE);
      case RouteAction.Missing missing -> fail(missing.reply());
      case RouteAction.Cluster named -> {
        Optional<Cluster> cluster = snapshot.cluster(named, destination);
        if (cluster.isEmpty()) {
          fail(LocalReply.UNKNOWN_CLUSTER);
        } else {
          connect(cluster.get());
        }
      }
    }
  }

  private void connect(Cluster cluster) {
    Upstreams upstreams = parts.upstreams().apply(caller.loop());
    RequestHash.Connection ends =
        new RequestHash.Connection(
            IpAddresses.print(caller.source().getAddress()),
            IpAddresses.print(caller.source()),
            IpAddresses.print(caller.local()));
    Upstreams.Call call =
        new Upstreams.Call(caller, null, RequestHead.Version.HTTP_1_1, ends, Set.of());
    switch (upstreams.choose(cluster, call)) {
      case Upstreams.Unable(LocalReply reply, _) -> {
        told.connected(cluster.key(), null);
        fail(reply);
      }
      case Upstreams.Chosen endpoint -> {
        chosen = endpoint;
        told.connected(cluster.key(), endpoint.endpoint());
        endpoint.bytes().addListener((Future<Leg> done) -> connected(done, cluster, endpoint));
      }
    }
  }

  private void connected(Future<Leg> done, Cluster cluster, Upstreams.Chosen endpoint) {
    if (!done.isSuccess()) {
      endpoint.failed();
      LocalReply reply =
          done.cause() instanceof Upstreams.Unreachable why
              ? why.reply()
              : LocalReply.CONNECT_FAILURE;
      fail(reply);
      return;
    }
    Duration quiet = cluster.policy().limits().tcpIdleTimeout();
    if (!quiet.isZero()) {
      watch(quiet);
    }
    Duration most = cluster.policy().limits().maxConnectionDuration();
    if (most != null) {
      longest.in(most, () -> cut("DT", Details.TOO_LONG));
    }
    Relay begun = Relay.join(client, done.getNow(), caller.loop(), HALF_OPEN_LIMIT, this);
    if (!over) {
      relay = begun;
    }
  }

  private void watch(Duration quiet) {
    long before = moved;
    idle.in(
        quiet,
        () -> {
          if (moved == before) {
            cut("SI", Details.IDLE);
          } else {
            watch(quiet);
          }
        });
  }

  private void cut(String flag, String why) {
    flags = flag;
    details = why;
    if (relay != null) {
      relay.cut(null);
    }
  }

  private void refuse(String flag, String why) {
    flags = flag;
    details = why;
    client.abort();
    end();
  }

  private void fail(LocalReply reply) {
    flags = reply.flag();
    details = Details.of(reply);
    client.reset();
    end();
  }

  @Override
  public void fromNear(int bytes) {
    moved++;
    told.received(bytes);
  }

  @Override
  public void fromFar(int bytes) {
    moved++;
    told.sent(bytes);
  }

  @Override
  public void ended(@Nullable Throwable cause) {
    if (cause != null && flags.equals("-")) {
      flags = "UC";
      details = String.valueOf(cause.getMessage());
    }
    end();
  }

  private void end() {
    if (over) {
      return;
    }
    over = true;
    idle.cancel();
    longest.cancel();
    if (chosen != null) {
      chosen.over();
    }
    told.closed(flags, details);
  }
}
