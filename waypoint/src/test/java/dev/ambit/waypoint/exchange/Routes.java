package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.CompiledRoute;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteCompiler;
import dev.ambit.model.http.RouteTable;
import dev.ambit.model.http.StreamTable;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.workload.ServiceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Tables of service echo from objects; every Service is there but one named missing. */
final class Routes {
  private static final RouteCompiler COMPILER =
      new RouteCompiler(
          text -> Pattern.compile(text).asMatchPredicate(),
          (route, reference) ->
              reference.name().startsWith("missing")
                  ? new RouteCompiler.NotThere(
                      new CompiledRoute.Problem(
                          CompiledRoute.Problem.BACKEND_NOT_FOUND, "missing not found"))
                  : new RouteCompiler.There(
                      new RouteAction.Cluster(
                          new ServiceKey("demo", Stage.host(reference.name())),
                          reference.port(),
                          "")));

  private Routes() {}

  private static RouteTable.Target target(int port) {
    return new RouteTable.Target(
        "Service", new ServiceKey("demo", Stage.host("echo")), "echo", port, "demo");
  }

  static RouteTable of(List<ClusterObject> objects, int port) {
    List<CompiledRoute> compiled = new ArrayList<>();
    for (ClusterObject object : objects) {
      switch (object) {
        case HttpRoute route -> compiled.add(COMPILER.compile(route));
        case GrpcRoute route -> compiled.add(COMPILER.compile(route));
        case VirtualService service ->
            compiled.add(COMPILER.compile(service, target(port), "cluster.local"));
        default -> {
          // Not a route.
        }
      }
    }
    return RouteTable.of(target(port), compiled);
  }

  static StreamTable streams(List<ClusterObject> objects, int port) {
    List<StreamTable.Candidate> candidates = new ArrayList<>();
    for (TcpRoute route : Stage.only(objects, TcpRoute.class)) {
      candidates.add(new StreamTable.Candidate(COMPILER.compile(route), false));
    }
    return StreamTable.of(target(port), candidates);
  }
}
