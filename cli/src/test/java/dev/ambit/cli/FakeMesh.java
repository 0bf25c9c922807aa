package dev.ambit.cli;

import dev.ambit.daemon.AdminServer;
import dev.ambit.daemon.AdminServer.Page;
import dev.ambit.daemon.AdminServer.Reply;
import dev.ambit.daemon.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/** The admin sockets of a mesh, without the mesh: pages of the daemons' shapes. */
public final class FakeMesh implements AutoCloseable {
  private final Path state;
  private final ObjectNode file = Json.object();
  private final List<AdminServer> servers = new ArrayList<>();

  public FakeMesh(Path state, Path manifests) {
    this.state = state;
    file.put("folder", manifests.toString());
    file.putObject("nodes");
  }

  public static Page json(String json) {
    return _ -> Reply.json(json.getBytes(StandardCharsets.UTF_8));
  }

  public static Page json(Supplier<String> json) {
    return _ -> Reply.json(json.get().getBytes(StandardCharsets.UTF_8));
  }

  public static Page text(int status, String text) {
    return _ -> Reply.text(status, text);
  }

  public FakeMesh controller(Map<String, Page> pages) throws IOException {
    file.putObject("controller").put("admin", serve("controller", pages).toString());
    return save();
  }

  public FakeMesh node(String name, Map<String, Page> ztunnel, Map<String, Page> cni)
      throws IOException {
    ((ObjectNode) file.path("nodes"))
        .putObject(name)
        .put("ztunnel", serve(name + ".ztunnel", ztunnel).toString())
        .put("cni", serve(name + ".cni", cni).toString());
    return save();
  }

  /** Manifests the controller generated. */
  public FakeMesh generated(Path folder) throws IOException {
    file.put("generated", folder.toString());
    return save();
  }

  /** A pod of a waypoint, {@code namespace/pod}. */
  public FakeMesh waypoint(String pod, String gateway, Map<String, Page> pages) throws IOException {
    ObjectNode waypoints =
        file.path("waypoints") instanceof ObjectNode there ? there : file.putObject("waypoints");
    waypoints
        .putObject(pod)
        .put("gateway", gateway)
        .put("admin", serve(pod.replace('/', '.'), pages).toString());
    return save();
  }

  private Path serve(String name, Map<String, Page> pages) {
    Map<String, Page> all = new HashMap<>(pages);
    all.putIfAbsent("/healthz/ready", text(200, "ready\n"));
    Path socket = state.resolve(name);
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    servers.add(AdminServer.start(name, any, socket, all));
    return socket;
  }

  private FakeMesh save() throws IOException {
    Files.write(state.resolve("mesh.json"), Json.write(file));
    return this;
  }

  @Override
  public void close() {
    servers.forEach(AdminServer::close);
  }
}
