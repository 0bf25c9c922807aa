package dev.ambit.dataplane.xds.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ambit.dataplane.xds.DeltaResponse;
import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.workload.SharedValues;
import dev.ambit.proto.discovery.DeltaDiscoveryResponse;
import dev.ambit.proto.discovery.Resource;
import dev.ambit.proto.security.Authorization;
import dev.ambit.proto.workload.Address;
import java.util.ArrayList;
import java.util.List;

/** One response with every resource decoded or rejected with the reason. */
final class ResponseDecoder {
  private ResponseDecoder() {}

  /**
   * @param shared what the workloads of one stream have in common, kept once
   */
  static DeltaResponse decode(DeltaDiscoveryResponse from, SharedValues shared) {
    List<DeltaResponse.Resource> resources = new ArrayList<>(from.getResourcesCount());
    long bytes = 0;
    for (Resource resource : from.getResourcesList()) {
      bytes += resource.getResource().getValue().size();
      resources.add(
          new DeltaResponse.Resource(
              resource.getName(),
              resource.getVersion(),
              content(from.getTypeUrl(), resource, shared)));
    }
    return new DeltaResponse(
        from.getTypeUrl(), from.getNonce(), resources, from.getRemovedResourcesList(), bytes);
  }

  private static DeltaResponse.Content content(
      String type, Resource resource, SharedValues shared) {
    return switch (type) {
      case DeltaStream.ADDRESS -> address(resource, shared);
      case DeltaStream.AUTHORIZATION -> authorization(resource);
      default -> raw(type, resource);
    };
  }

  private static DeltaResponse.Content raw(String type, Resource resource) {
    try {
      return new DeltaResponse.Raw(value(type, resource).toByteArray());
    } catch (Undecodable undecodable) {
      return DeltaResponse.Rejected.of(String.valueOf(undecodable.getMessage()));
    }
  }

  private static DeltaResponse.Content address(Resource resource, SharedValues shared) {
    try {
      Address address = Address.parseFrom(value(DeltaStream.ADDRESS, resource));
      return new DeltaResponse.Accepted(
          switch (address.getTypeCase()) {
            case WORKLOAD ->
                new MeshChange.WorkloadPut(WorkloadDecoder.decode(address.getWorkload(), shared));
            case SERVICE -> new MeshChange.ServicePut(ServiceDecoder.decode(address.getService()));
            case TYPE_NOT_SET ->
                throw new Undecodable("address", "neither kind", "a workload or a service");
          });
    } catch (Undecodable undecodable) {
      return DeltaResponse.Rejected.of(String.valueOf(undecodable.getMessage()));
    } catch (InvalidProtocolBufferException malformed) {
      return DeltaResponse.Rejected.of("bytes: " + malformed.getMessage());
    }
  }

  private static DeltaResponse.Content authorization(Resource resource) {
    try {
      return PolicyDecoder.decode(
          Authorization.parseFrom(value(DeltaStream.AUTHORIZATION, resource)));
    } catch (Undecodable undecodable) {
      return PolicyDecoder.unreadable(resource.getName(), String.valueOf(undecodable.getMessage()));
    } catch (InvalidProtocolBufferException malformed) {
      return PolicyDecoder.unreadable(resource.getName(), "bytes: " + malformed.getMessage());
    }
  }

  private static com.google.protobuf.ByteString value(String type, Resource resource) {
    if (!resource.getResource().getTypeUrl().equals(type)) {
      throw new Undecodable("resource type", resource.getResource().getTypeUrl(), type);
    }
    return resource.getResource().getValue();
  }
}
