package dev.ambit.dataplane.xds;

import dev.ambit.daemon.Published;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import java.util.List;

/**
 * The single writer of the mesh state: a batch becomes visible at once. {@link #apply} belongs to
 * one thread at a time, that of the stream; the view is for everybody.
 */
public final class MeshStore {
  private final Published<MeshView> mesh = new Published<>(MeshView.empty());
  private final List<Follower> followers;

  /** Told of each batch after it was published, on the writer's thread. */
  public interface Follower {
    void applied(MeshView before, List<MeshChange> changes, MeshView after);
  }

  public MeshStore(List<Follower> followers) {
    this.followers = List.copyOf(followers);
  }

  public Published<MeshView> mesh() {
    return mesh;
  }

  public void apply(List<MeshChange> changes) {
    if (changes.isEmpty()) {
      return;
    }
    MeshView before = mesh.get();
    MeshView after = before.with(changes);
    mesh.set(after);
    followers.forEach(follower -> follower.applied(before, changes, after));
  }
}
