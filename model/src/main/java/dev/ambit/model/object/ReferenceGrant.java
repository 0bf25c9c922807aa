package dev.ambit.model.object;

import java.util.List;

/** A {@code gateway.networking.k8s.io ReferenceGrant} (spec: http-routing §5). */
public record ReferenceGrant(Metadata metadata, List<From> from, List<To> to)
    implements ClusterObject {
  public ReferenceGrant {
    from = List.copyOf(from);
    to = List.copyOf(to);
  }

  @Override
  public ReferenceGrant withMetadata(Metadata other) {
    return new ReferenceGrant(other, from, to);
  }

  /** Who may refer. */
  public record From(String group, String kind, String namespace) {}

  /** What may be referred to; {@code name} is "" for all of the kind. */
  public record To(String group, String kind, String name) {}

  /** Whether it lets {@code from} refer to {@code to}, which is in the grant's own namespace. */
  public boolean allows(From referrer, To target) {
    return from.contains(referrer)
        && to.stream()
            .anyMatch(each ->
                each.group().equals(target.group())
                    && each.kind().equals(target.kind())
                    && (each.name().isEmpty() || each.name().equals(target.name())));
  }
}
