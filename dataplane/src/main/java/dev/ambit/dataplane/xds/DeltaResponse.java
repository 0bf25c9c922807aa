package dev.ambit.dataplane.xds;

import dev.ambit.model.mesh.MeshChange;
import java.util.List;
import java.util.Optional;

/**
 * What the control plane says, decoded.
 *
 * @param bytes size of the resources on the wire
 */
public record DeltaResponse(
    String typeUrl, String nonce, List<Resource> resources, List<String> removed, long bytes) {
  public DeltaResponse {
    resources = List.copyOf(resources);
    removed = List.copyOf(removed);
  }

  /** One resource; {@code version} may be "". */
  public record Resource(String name, String version, Content content) {}

  /** What a resource says. */
  public sealed interface Content {}

  /** A change that can be made. */
  public record Accepted(MeshChange change) implements Content {}

  /** A resource of a type that is not the mesh's own, for whoever follows it. */
  public record Raw(byte[] value) implements Content {}

  /**
   * Something that cannot be used.
   *
   * @param instead what is applied in its place so that nothing is let through which the resource
   *     may have forbidden; empty keeps what was there before
   * @param yields whether an earlier, readable version is better than {@code instead}
   */
  public record Rejected(String reason, Optional<MeshChange> instead, boolean yields)
      implements Content {
    public static Rejected of(String reason) {
      return new Rejected(reason, Optional.empty(), false);
    }
  }
}
