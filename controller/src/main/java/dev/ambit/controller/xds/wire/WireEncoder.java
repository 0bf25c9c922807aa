package dev.ambit.controller.xds.wire;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import dev.ambit.controller.xds.EncodedResource;
import dev.ambit.controller.xds.ResourceType;
import dev.ambit.controller.xds.VersionedResources;
import dev.ambit.model.hash.XxHash64;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import dev.ambit.proto.discovery.Resource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Serialises each resource once, always to the same bytes. Addresses carry the hash of their bytes
 * as version, policies none, as istiod does it (spec: workload-xds §3). Thread-safe.
 */
public final class WireEncoder implements VersionedResources.Encoder {
  @Override
  public EncodedResource encode(Workload workload) {
    // A host's own address is shared by its pods: it names none of them.
    List<String> aliases =
        workload.networkMode() == Workload.NetworkMode.HOST_NETWORK
            ? List.of()
            : workload.addresses().stream()
                .map(address -> new NetworkAddress(workload.network(), address).toString())
                .toList();
    List<String> services =
        workload.services().keySet().stream().map(ServiceKey::toString).toList();
    byte[] content = deterministic(AddressEncoder.encode(workload));
    String hash = hash(content);
    return resource(
        new Named(ResourceType.ADDRESS, workload.uid(), hash, hash),
        content,
        aliases,
        services,
        workload.node());
  }

  @Override
  public EncodedResource encode(Service service) {
    List<String> aliases = service.addresses().stream().map(NetworkAddress::toString).toList();
    byte[] content = deterministic(AddressEncoder.encode(service));
    String hash = hash(content);
    return resource(
        new Named(ResourceType.ADDRESS, service.key().toString(), hash, hash),
        content,
        aliases,
        List.of(),
        "");
  }

  @Override
  public EncodedResource encode(Policy policy) {
    byte[] content = deterministic(AuthorizationEncoder.encode(policy));
    return resource(
        new Named(ResourceType.AUTHORIZATION, policy.key().toString(), hash(content), ""),
        content,
        List.of(),
        List.of(),
        "");
  }

  @Override
  public EncodedResource encode(String name, String json) {
    byte[] content =
        deterministic(dev.ambit.proto.waypoint.Object.newBuilder().setJson(json).build());
    String hash = hash(content);
    return resource(
        new Named(ResourceType.OBJECT, name, hash, hash), content, List.of(), List.of(), "");
  }

  private record Named(ResourceType type, String name, String hash, String version) {}

  private static EncodedResource resource(
      Named named, byte[] content, List<String> aliases, List<String> services, String node) {
    Resource body =
        Resource.newBuilder()
            .setName(named.name())
            .setVersion(named.version())
            .setResource(
                Any.newBuilder()
                    .setTypeUrl(named.type().url())
                    .setValue(ByteString.copyFrom(content)))
            .build();
    return new EncodedResource(
        named.name(),
        named.hash(),
        named.version(),
        body.toByteArray(),
        Resource.newBuilder().addAllAliases(aliases).build().toByteArray(),
        aliases,
        services,
        node);
  }

  private static byte[] deterministic(MessageLite message) {
    byte[] bytes = new byte[message.getSerializedSize()];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    try {
      message.writeTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException("writing into memory", e);
    }
    out.checkNoSpaceLeft();
    return bytes;
  }

  private static String hash(byte[] content) {
    return Long.toHexString(XxHash64.of(content));
  }
}
