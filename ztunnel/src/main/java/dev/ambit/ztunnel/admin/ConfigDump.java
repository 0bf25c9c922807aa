package dev.ambit.ztunnel.admin;

import dev.ambit.daemon.Json;
import dev.ambit.dataplane.controlplane.Pem;
import dev.ambit.dataplane.flow.Flow;
import dev.ambit.dataplane.flow.OpenConnections;
import dev.ambit.dataplane.identity.CertificateCache;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.ztunnel.pod.LocalPod;
import dev.ambit.ztunnel.pod.PodRoster;
import io.netty.util.NetUtil;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The document {@code /config_dump}, in the real ztunnel's shape, so that its tools read ours
 * (spec: ztunnel-observability §3.1).
 *
 * @param config the effective configuration, as it is to be shown
 * @param version what runs
 */
public record ConfigDump(
    Supplier<MeshView> mesh,
    Supplier<List<CertificateCache.Row>> certificates,
    Supplier<Map<String, PodRoster.Row>> pods,
    Supplier<List<OpenConnections.Row>> connections,
    JsonNode config,
    JsonNode version) {

  JsonNode document() {
    MeshJson view = new MeshJson(mesh.get());
    ObjectNode dump = Json.object();
    dump.set("workloads", view.workloads());
    dump.set("services", view.services());
    dump.set("policies", view.policies());
    dump.set("stagedServices", view.stagedServices());
    ObjectNode local = dump.putObject("staticConfig");
    local.putArray("workloads");
    local.putArray("services");
    local.putArray("policies");
    dump.set("version", version);
    dump.set("config", config);
    ArrayNode identities = dump.putArray("certificates");
    certificates.get().forEach(row -> identities.add(certificate(row)));
    dump.set("workloadState", workloadState());
    return dump;
  }

  private static ObjectNode certificate(CertificateCache.Row row) {
    ObjectNode json = Json.object();
    json.put("identity", row.identity().toString());
    json.put("state", row.state());
    json.set(
        "certChain",
        certificates(row.certificate().map(WorkloadCertificate::chain).orElse(List.of())));
    json.set(
        "rootCerts",
        certificates(row.certificate().map(WorkloadCertificate::roots).orElse(List.of())));
    return json;
  }

  private static ArrayNode certificates(List<X509Certificate> certificates) {
    ArrayNode list = Json.array();
    for (X509Certificate certificate : certificates) {
      byte[] pem = Pem.encode(List.of(certificate)).getBytes(StandardCharsets.US_ASCII);
      ObjectNode one = list.addObject();
      one.put("pem", Base64.getEncoder().encodeToString(pem));
      one.put("serialNumber", certificate.getSerialNumber().toString());
      one.put("validFrom", certificate.getNotBefore().toInstant().toString());
      one.put("expirationTime", certificate.getNotAfter().toInstant().toString());
    }
    return list;
  }

  private ObjectNode workloadState() {
    Map<String, List<OpenConnections.Row>> open = new HashMap<>();
    connections
        .get()
        .forEach(row -> open.computeIfAbsent(row.podUid(), missing -> new ArrayList<>()).add(row));
    ObjectNode state = Json.object();
    pods.get()
        .forEach((uid, row) -> {
          LocalPod pod = row.pod();
          ObjectNode one = state.putObject(uid);
          one.put("state", row.up() ? "Up" : "Pending");
          one.set("connections", connections(open.getOrDefault(uid, List.of())));
          one.putObject("info")
              .put("name", pod.name())
              .put("namespace", pod.namespace())
              .put("serviceAccount", pod.serviceAccount());
        });
    return state;
  }

  private static ObjectNode connections(List<OpenConnections.Row> rows) {
    ObjectNode json = Json.object();
    ArrayNode inbound = json.putArray("inbound");
    ArrayNode outbound = json.putArray("outbound");
    for (OpenConnections.Row row : rows) {
      ObjectNode one = (row.direction() == Flow.Direction.INBOUND ? inbound : outbound).addObject();
      one.put("src", NetUtil.toSocketAddressString(row.source()));
      one.put("originalDst", row.originalDestination());
      one.put("actualDst", NetUtil.toSocketAddressString(row.actualDestination()));
      one.put("protocol", row.protocol());
    }
    return json;
  }
}
