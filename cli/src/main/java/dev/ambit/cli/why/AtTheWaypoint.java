package dev.ambit.cli.why;

import dev.ambit.cli.why.Outcome.Ruling;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.RouteTable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a waypoint does with a request.
 *
 * @param waypoint namespace and name
 * @param service that was called
 * @param status it is answered with here; 0 when it is sent on
 * @param reason one sentence
 * @param policies null when it does not come to them
 * @param routes null when it does not come to them
 */
record AtTheWaypoint(
    String waypoint,
    String service,
    Ruling ruling,
    int status,
    String reason,
    HttpAuthorizer.@Nullable Explanation policies,
    RouteTable.@Nullable Explanation routes,
    List<String> notes) {}
