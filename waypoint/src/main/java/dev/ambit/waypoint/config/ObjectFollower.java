package dev.ambit.waypoint.config;

import dev.ambit.daemon.Log;
import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.dataplane.xds.MeshStore;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ClusterObject;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Brings what the stream says into {@link Snapshots}: the mesh, and objects, one response at a
 * time. On the stream's thread.
 */
public final class ObjectFollower implements DeltaStream.Follower, MeshStore.Follower {
  /** The type to follow. */
  public static final String TYPE = "type.googleapis.com/ambit.waypoint.v1.Object";

  /** The resource that is sent after all others. */
  static final String LAST = "~";

  private static final Log LOG = Log.scope("config");

  private final Snapshots snapshots;
  private final ObjectReader reader;
  private final Set<String> held = new HashSet<>();
  private final Map<String, ClusterObject> put = new HashMap<>();
  private final Set<String> gone = new HashSet<>();
  private boolean complete;

  public ObjectFollower(Snapshots snapshots) {
    this.snapshots = snapshots;
    this.reader = new ObjectReader(snapshots.place());
  }

  /** One that cannot be read leaves the version before it in force; without one, see there. */
  @Override
  public String put(String name, byte[] value) {
    if (name.equals(LAST)) {
      complete = true;
      return "";
    }
    return switch (reader.read(name, value)) {
      case ObjectReader.Readable(ClusterObject object) -> {
        hold(name, object);
        yield "";
      }
      case ObjectReader.Unreadable unreadable -> {
        LOG.warn("object cannot be read", "name", name, "problem", unreadable.problem());
        if (!held.contains(name)) {
          unreadable.instead().ifPresent(instead -> hold(name, instead));
        }
        yield unreadable.problem();
      }
    };
  }

  private void hold(String name, ClusterObject object) {
    held.add(name);
    gone.remove(name);
    put.put(name, object);
  }

  @Override
  public void removed(String name) {
    held.remove(name);
    put.remove(name);
    gone.add(name);
  }

  @Override
  public void applied() {
    if (!put.isEmpty() || !gone.isEmpty()) {
      snapshots.change(Map.copyOf(put), Set.copyOf(gone));
      put.clear();
      gone.clear();
    }
    if (complete) {
      snapshots.complete();
    }
  }

  @Override
  public void applied(MeshView before, List<MeshChange> changes, MeshView after) {
    snapshots.mesh(after);
  }
}
