package dev.ambit.waypoint.config;

import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where snapshots come from: each change of the mesh or of objects publishes the next. Until {@link
 * #complete} they serve nothing, since a policy may still be on its way. Changes are for one thread
 * at a time, {@link #current} is for any.
 */
public final class Snapshots implements Programming {
  /** A waypoint that knows no keys: every token is refused. */
  private static final JwtAuthentication.Tokens NO_TOKENS =
      new JwtAuthentication.Tokens() {
        @Override
        public JwtAuthentication.@Nullable Parsed parse(String token) {
          return null;
        }

        @Override
        public JwtAuthentication.Signature verify(JwtRule rule, String token) {
          return JwtAuthentication.Signature.NO_KEYS;
        }
      };

  private final Place place;
  private final Program.Shared shared;
  private final Map<String, ClusterObject> objects = new HashMap<>();

  private MeshView mesh = MeshView.empty();
  private ObjectIndex index;
  private RouteCompilation routes;
  private boolean complete;
  private volatile Snapshot current;

  public Snapshots(Place place, JwtAuthentication.Tokens tokens) {
    this.place = place;
    this.shared = new Program.Shared(new Compiled(), tokens);
    this.index = new ObjectIndex(List.of(), place);
    this.routes = RouteCompilation.fresh(mesh, index, place);
    this.current = new Unprogrammed(mesh);
  }

  /** One snapshot of its own. */
  public static Snapshot of(
      MeshView mesh, Collection<? extends ClusterObject> objects, Place place) {
    return of(mesh, objects, place, NO_TOKENS);
  }

  /** The same, for objects that say which tokens are accepted. */
  public static Snapshot of(
      MeshView mesh,
      Collection<? extends ClusterObject> objects,
      Place place,
      JwtAuthentication.Tokens tokens) {
    Snapshots snapshots = new Snapshots(place, tokens);
    Map<String, ClusterObject> puts = new HashMap<>();
    objects.forEach(object -> puts.put(name(object), object));
    snapshots.change(puts, Set.of());
    snapshots.mesh(mesh);
    snapshots.complete();
    return snapshots.current();
  }

  /** How an object is named on the wire: {@code KIND/NAMESPACE/NAME}. */
  public static String name(ClusterObject object) {
    return object.kind() + "/" + object.metadata().namespace() + "/" + object.metadata().name();
  }

  Place place() {
    return place;
  }

  @Override
  public Snapshot current() {
    return current;
  }

  /** The mesh is now {@code next}. */
  public void mesh(MeshView next) {
    boolean sameServices = next.hasSameServices(mesh);
    mesh = next;
    if (sameServices) {
      routes.moved(mesh);
    } else {
      routes = RouteCompilation.fresh(mesh, index, place);
      shared
          .compiled()
          .retain(key -> next.service(key).isPresent(), uid -> next.workload(uid).isPresent());
    }
    publish();
  }

  /** Objects, by their names, that are new or differ, and names of those that are gone. */
  public void change(Map<String, ClusterObject> put, Collection<String> gone) {
    boolean grants =
        put.keySet().stream().anyMatch(Snapshots::isGrant)
            || gone.stream().anyMatch(Snapshots::isGrant);
    objects.keySet().removeAll(new HashSet<>(gone));
    objects.putAll(put);
    put.values().forEach(this::announce);
    index = new ObjectIndex(objects.values(), place);
    if (grants) {
      routes = RouteCompilation.fresh(mesh, index, place);
    } else {
      routes = routes.with(mesh, index);
      Set<ClusterObject> all = Collections.newSetFromMap(new IdentityHashMap<>());
      all.addAll(objects.values());
      routes.retain(all::contains);
    }
    publish();
  }

  /** Keys of issuers are fetched before the first token comes. */
  private void announce(ClusterObject object) {
    if (object instanceof RequestAuthentication authentication) {
      authentication.rules().forEach(shared.tokens()::wanted);
    }
  }

  private static boolean isGrant(String name) {
    return name.startsWith("ReferenceGrant/");
  }

  /** All objects there were have come. */
  public void complete() {
    if (!complete) {
      complete = true;
      publish();
    }
  }

  private void publish() {
    if (!complete) {
      current = new Unprogrammed(mesh);
      return;
    }
    Place here = place.configured(index.meshConfig());
    Place now = index.gateway() == null ? here : here.withClass(index.gateway().className());
    current = new Program(mesh, index, now, routes, shared);
  }
}
