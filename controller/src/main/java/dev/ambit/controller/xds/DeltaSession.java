package dev.ambit.controller.xds;

import dev.ambit.daemon.Log;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One client's delta stream (spec: workload-xds §2, §3). At most one response a type is on its way;
 * the next one is made when the client has answered, from what is current then. Thread-safe by its
 * own lock, under which responses are handed out.
 */
public final class DeltaSession implements AutoCloseable {
  private static final Log LOG = Log.scope("xds");

  private static final int MOST_UNKNOWN_TYPES = 32;

  private final VersionedResources resources;
  private final XdsEvents events;
  private final Client client;
  private final Waypoints waypoints;
  private final Consumer<DeltaResponse> out;
  private final Consumer<DeltaSession> onClose;
  private final Map<ResourceType, Stream> streams = new EnumMap<>(ResourceType.class);
  private final Set<String> unknownTypes = new HashSet<>();
  private String nodeId = "";
  private boolean closed;
  private long nonces;

  /**
   * Who is at the other end.
   *
   * @param node proven by the caller's credentials
   * @param pod proven so, {@code namespace/name}; "" for the node itself
   */
  public record Client(String node, String address, String pod) {
    /** A node. */
    public Client(String node, String address) {
      this(node, address, "");
    }

    /** Whether {@code nodeId}, {@code TYPE~IP~POD.NAMESPACE~DOMAIN}, is that of its pod. */
    private boolean mayBe(String nodeId) {
      int slash = pod.indexOf('/');
      String own = pod.substring(slash + 1) + "." + pod.substring(0, Math.max(0, slash));
      String[] parts = nodeId.split("~", -1);
      return pod.isEmpty() || (parts.length == 4 && parts[2].equals(own));
    }

    /** Whose streams are counted together. */
    String account() {
      return pod.isEmpty() ? node : "pod " + pod;
    }
  }

  /** Knows the pods of waypoints. */
  @FunctionalInterface
  public interface Waypoints {
    /**
     * The waypoint, {@code namespace/name}, that the pod in {@code nodeId} is an instance of; empty
     * unless it is one and {@code client} may speak for it.
     */
    Optional<String> of(Client client, String nodeId);
  }

  /** What every session stands on. */
  record Server(VersionedResources resources, XdsEvents events, Waypoints waypoints) {}

  /** Why a stream is ended. */
  public record Refusal(Kind kind, String message) {
    /** How gRPC says it. */
    public enum Kind {
      INVALID_ARGUMENT,
      PERMISSION_DENIED,
      RESOURCE_EXHAUSTED
    }
  }

  /** What a page shows of one client. */
  public record State(Client client, String nodeId, Map<ResourceType, TypeState> types) {}

  /**
   * What a page shows of one type.
   *
   * @param sent version of the last response
   * @param acknowledged version of the last response that the client answered
   * @param lastError of the last rejection, "" when there was none
   */
  public record TypeState(
      boolean wildcard,
      int names,
      int waiting,
      String sent,
      String acknowledged,
      long rejections,
      String lastError) {}

  /** A subscription and the conversation about it. */
  private static final class Stream {
    private final Subscription wanted;
    private @Nullable String openNonce;
    private long openSince;
    private String sent = "";
    private String acknowledged = "";
    private long rejections;
    private String lastError = "";

    private Stream(Subscription wanted) {
      this.wanted = wanted;
    }
  }

  DeltaSession(
      Server server, Client client, Consumer<DeltaResponse> out, Consumer<DeltaSession> onClose) {
    this.resources = server.resources();
    this.events = server.events();
    this.waypoints = server.waypoints();
    this.client = client;
    this.out = out;
    this.onClose = onClose;
  }

  /** Takes one request and sends what is due; a refusal must end the stream. */
  public synchronized Optional<Refusal> request(DeltaRequest request) {
    if (closed) {
      return Optional.empty();
    }
    Optional<Refusal> refusal = introduce(request);
    if (refusal.isPresent()) {
      return refusal;
    }
    Optional<ResourceType> known = ResourceType.of(request.typeUrl());
    if (known.isEmpty()) {
      return answerUnknown(request);
    }
    ResourceType type = known.get();
    Stream stream = streams.get(type);
    if (stream == null) {
      Optional<String> waypoint = waypoint(type);
      if (waypoint.isEmpty()) {
        return Optional.of(
            new Refusal(
                Refusal.Kind.PERMISSION_DENIED,
                "node.id: got "
                    + nodeId
                    + ", expected waypoint~IP~POD.NAMESPACE~DOMAIN of a waypoint's pod on node "
                    + client.node()));
      }
      Scope scope = Scope.of(type, waypoint.get());
      stream = new Stream(new Subscription(scope, resources, client.node()));
      streams.put(type, stream);
      stream.wanted.begin(request);
    } else if (!request.nonce().isEmpty() && !request.nonce().equals(stream.openNonce)) {
      events.stale(type);
      LOG.debug("stale nonce", "node", client.node(), "type", type, "nonce", request.nonce());
      return Optional.empty();
    } else {
      answered(type, stream, request);
      stream.wanted.change(request);
    }
    if (stream.wanted.names() > Subscription.MOST_NAMES) {
      return Optional.of(
          new Refusal(
              Refusal.Kind.RESOURCE_EXHAUSTED,
              "subscribed names: got "
                  + stream.wanted.names()
                  + ", expected at most "
                  + Subscription.MOST_NAMES));
    }
    push();
    return Optional.empty();
  }

  /** Whose objects the client may see; "" where all clients see the same. */
  private Optional<String> waypoint(ResourceType type) {
    return switch (type) {
      case ADDRESS, AUTHORIZATION -> Optional.of("");
      case OBJECT -> waypoints.of(client, nodeId);
    };
  }

  private Optional<Refusal> introduce(DeltaRequest request) {
    if (!nodeId.isEmpty()) {
      return Optional.empty();
    }
    if (request.nodeId().isEmpty()) {
      return Optional.of(
          new Refusal(
              Refusal.Kind.INVALID_ARGUMENT,
              "first request: got no node.id, expected ztunnel~IP~POD.NAMESPACE~DOMAIN"));
    }
    if (!request.nodeName().isEmpty() && !request.nodeName().equals(client.node())) {
      return Optional.of(
          new Refusal(
              Refusal.Kind.PERMISSION_DENIED,
              "NODE_NAME: got "
                  + request.nodeName()
                  + ", expected the node of the credentials, "
                  + client.node()));
    }
    if (!client.mayBe(request.nodeId())) {
      return Optional.of(
          new Refusal(
              Refusal.Kind.PERMISSION_DENIED,
              "node.id: got "
                  + request.nodeId()
                  + ", expected that of the pod of the credentials, "
                  + client.pod()));
    }
    nodeId = request.nodeId();
    return Optional.empty();
  }

  /** A client may ask for types we do not have; it must not wait for them. */
  private Optional<Refusal> answerUnknown(DeltaRequest request) {
    if (unknownTypes.add(request.typeUrl())) {
      if (unknownTypes.size() > MOST_UNKNOWN_TYPES) {
        return Optional.of(
            new Refusal(Refusal.Kind.RESOURCE_EXHAUSTED, "too many types that are not served"));
      }
      out.accept(
          new DeltaResponse(
              request.typeUrl(),
              Long.toString(resources.revision()),
              nextNonce(),
              List.of(),
              false,
              request.subscribe()));
    }
    return Optional.empty();
  }

  private void answered(ResourceType type, Stream stream, DeltaRequest request) {
    if (request.nonce().isEmpty()) {
      return;
    }
    stream.openNonce = null;
    stream.acknowledged = stream.sent;
    if (request.error().isEmpty()) {
      events.acknowledged(type, Duration.ofNanos(System.nanoTime() - stream.openSince));
      return;
    }
    stream.rejections++;
    stream.lastError = request.error();
    events.rejected(type);
    LOG.warn(
        "client rejected resources", "node", client.node(), "type", type, "error", request.error());
  }

  /** Notes what changed; the caller lets {@link #push} run if it answers true. */
  synchronized boolean changed(List<ResourceChange> changes) {
    boolean concerned = false;
    for (ResourceChange change : changes) {
      Stream stream = streams.get(change.type());
      if (stream != null) {
        stream.wanted.changed(change);
        concerned |= stream.wanted.behind();
      }
    }
    return concerned;
  }

  /** Sends what is due and may be sent: addresses before the policies that go with them. */
  synchronized void push() {
    if (closed) {
      return;
    }
    for (Map.Entry<ResourceType, Stream> each : streams.entrySet()) {
      Stream stream = each.getValue();
      if (stream.openNonce == null) {
        long since = stream.wanted.changedAt();
        stream
            .wanted
            .next(nextNonce())
            .ifPresent(response -> send(each.getKey(), stream, since, response));
      }
      if (stream.wanted.behind()) {
        return;
      }
    }
  }

  private void send(ResourceType type, Stream stream, long since, DeltaResponse response) {
    stream.openNonce = response.nonce();
    stream.openSince = since;
    stream.sent = response.systemVersion();
    events.sent(type, response.resources().size(), response.removed().size());
    out.accept(response);
  }

  private String nextNonce() {
    nonces++;
    return Long.toString(nonces);
  }

  Client client() {
    return client;
  }

  /** What is known of the client now. */
  public synchronized State state() {
    Map<ResourceType, TypeState> types = new TreeMap<>();
    streams.forEach((type, stream) ->
        types.put(
            type,
            new TypeState(
                stream.wanted.wildcard(),
                stream.wanted.names(),
                stream.wanted.waiting(),
                stream.sent,
                stream.acknowledged,
                stream.rejections,
                stream.lastError)));
    return new State(client, nodeId, types);
  }

  /** Forgets the client; once this returns, no response is handed out any more. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    onClose.accept(this);
  }
}
