package dev.ambit.model.http;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.ParentReference;
import java.util.List;

/**
 * A route object ready to be put into tables (spec: http-routing §5, §10).
 *
 * @param entries its matches, in order; none when the object cannot be used at all
 * @param ordered whether the order of entries stands, as a VirtualService has it
 * @param problems what its status has to say
 */
public record CompiledRoute(
    Metadata metadata,
    List<ParentReference> parents,
    List<RouteEntry> entries,
    boolean ordered,
    List<Problem> problems) {
  public CompiledRoute {
    parents = List.copyOf(parents);
    entries = List.copyOf(entries);
    problems = List.copyOf(problems);
  }

  CompiledRoute inItsOwnOrder() {
    return new CompiledRoute(metadata, parents, entries, true, problems);
  }

  /** Why {@code ResolvedRefs} is false: {@code reason} is a word of the Gateway API. */
  public record Problem(String reason, String message) {
    public static final String BACKEND_NOT_FOUND = "BackendNotFound";
    public static final String REF_NOT_PERMITTED = "RefNotPermitted";
    public static final String INVALID_KIND = "InvalidKind";
    public static final String INVALID_DESTINATION = "InvalidDestination";
    public static final String INVALID_FILTER = "InvalidFilter";
    public static final String INVALID_CONFIGURATION = "InvalidConfiguration";
  }
}
