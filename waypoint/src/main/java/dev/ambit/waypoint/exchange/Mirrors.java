package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.RouteAction;
import dev.ambit.model.traffic.RequestHash;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.upstream.Upstreams;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The copies of one request. */
final class Mirrors {
  private final Exchange.Setting setting;
  private final Told told;
  private List<Mirroring> copies = List.of();

  Mirrors(Exchange.Setting setting, Told told) {
    this.setting = setting;
    this.told = told;
  }

  /** Draws for each mirror of the route whether this request is copied to it. */
  void begin(Errand errand, Upstreams upstreams) {
    if (errand.outgoing().upgrade()) {
      return;
    }
    for (RouteAction.Mirror mirror : errand.outgoing().forward().mirrors()) {
      if (mirror.takes(setting.parts().random())) {
        Optional<Cluster> cluster =
            setting.snapshot().cluster(mirror.backend(), told.caller.destination());
        cluster.ifPresent(to -> begin(errand, to, upstreams));
      }
    }
  }

  private void begin(Errand errand, Cluster to, Upstreams upstreams) {
    Upstreams.Choice choice = upstreams.choose(to, call(errand, Set.of(), ""));
    if (choice instanceof Upstreams.Chosen chosen) {
      RequestHead head = errand.outgoing().head(1);
      setting.parts().recorder().sending(told, head);
      Duration limit = errand.overall();
      copies = new ArrayList<>(copies);
      copies.add(
          Mirroring.begin(
              chosen,
              head,
              errand.body(),
              setting.settings().mirrorLimit(),
              new Mirroring.Deadlines(
                  errand.caller().loop(),
                  limit == null ? setting.settings().limits().mirror() : limit)));
    }
  }

  static Upstreams.Call call(Errand errand, Set<String> tried, String preferred) {
    Caller caller = errand.caller();
    return new Upstreams.Call(
        caller,
        errand.outgoing().attributes(),
        errand.outgoing().received().version(),
        new RequestHash.Connection(
            IpAddresses.print(caller.source().getAddress()),
            IpAddresses.print(caller.source()),
            IpAddresses.print(caller.local())),
        tried,
        preferred);
  }

  /** The request is over; a copy that has not got all of it will not. */
  void end(boolean whole) {
    if (!whole) {
      copies.forEach(Mirroring::abandon);
    }
  }
}
