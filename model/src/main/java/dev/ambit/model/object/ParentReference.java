package dev.ambit.model.object;

/**
 * What a route is attached to (spec: http-routing §1).
 *
 * @param group "" is the core group
 * @param namespace of the parent; the route's own when it was not said
 * @param sectionName "" when not said; means nothing for a Service
 * @param port 0 for every port
 */
public record ParentReference(
    String group, String kind, String namespace, String name, String sectionName, int port) {}
