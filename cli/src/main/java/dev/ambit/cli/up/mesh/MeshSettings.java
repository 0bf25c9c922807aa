package dev.ambit.cli.up.mesh;

import java.nio.file.Path;
import java.util.Map;

/**
 * Where a mesh stands.
 *
 * @param folder manifests; only read
 * @param state everything the mesh writes
 * @param launcher {@code bin/ambit} of this distribution
 * @param id marks every process of this mesh, in the variable {@code AMBIT_MESH}
 * @param rootPid the mesh's first process as the surrounding system numbers it; 0 when unknown
 * @param ztunnel extra settings of every ztunnel
 */
public record MeshSettings(
    Path folder, Path state, Path launcher, String id, long rootPid, Map<String, String> ztunnel) {
  public MeshSettings {
    ztunnel = Map.copyOf(ztunnel);
  }

  Path controllerState() {
    return state.resolve("controller");
  }

  /** The certificate every workload certificate chains to. */
  public Path rootCertificate() {
    return controllerState().resolve("root-cert.pem");
  }

  Path joinToken(String node) {
    return controllerState().resolve("join-tokens").resolve(node);
  }

  /** The token of a pod that proves itself. */
  Path podToken(String network) {
    return controllerState().resolve("join-tokens").resolve("pods").resolve(network);
  }

  /** Manifests the controller makes. */
  public Path generated() {
    return controllerState().resolve("generated");
  }

  /** What a pod of ours keeps; it sees this folder, and of the others nothing. */
  Path podFolder(String network) {
    return state.resolve("run").resolve(network);
  }

  public Path facts() {
    return state.resolve("facts");
  }

  Path socket(String name) {
    return state.resolve("run").resolve(name + ".sock");
  }

  /** The log of a daemon or container. */
  public Path log(String name) {
    return state.resolve("log").resolve(name + ".log");
  }

  Path hosts(String namespace) {
    return state.resolve("hosts").resolve(namespace);
  }
}
