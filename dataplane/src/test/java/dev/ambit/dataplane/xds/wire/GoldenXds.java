package dev.ambit.dataplane.xds.wire;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.ambit.daemon.Json;
import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.proto.discovery.DeltaDiscoveryResponse;
import dev.ambit.proto.discovery.Resource;
import dev.ambit.proto.security.Authorization;
import dev.ambit.proto.workload.Address;
import java.io.IOException;
import java.io.InputStream;
import java.util.Base64;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** What a real control plane was recorded to send, as it was on the wire. */
public final class GoldenXds {
  private GoldenXds() {}

  /** The first response of a type. */
  public static DeltaDiscoveryResponse response(String file, String typeUrl, String nonce) {
    JsonNode recorded = read(file);
    DeltaDiscoveryResponse.Builder response =
        DeltaDiscoveryResponse.newBuilder().setTypeUrl(typeUrl).setNonce(nonce);
    for (JsonNode resource : recorded.get("resources")) {
      Message.Builder message =
          typeUrl.equals(DeltaStream.ADDRESS) ? Address.newBuilder() : Authorization.newBuilder();
      fill(message, resource.get("resource"));
      response.addResources(
          resource(
              resource.get("name").asString(),
              resource.get("version").asString(),
              message.build()));
    }
    return response.build();
  }

  /** All addresses of the recorded mesh. */
  public static DeltaDiscoveryResponse addresses(String nonce) {
    return response("xds-address-wildcard.json", DeltaStream.ADDRESS, nonce);
  }

  /** One resource around a message. */
  public static Resource resource(String name, String version, Message message) {
    return Resource.newBuilder()
        .setName(name)
        .setVersion(version)
        .setResource(Any.pack(message))
        .build();
  }

  private static JsonNode read(String file) {
    try (InputStream in = GoldenXds.class.getResourceAsStream("/golden/" + file)) {
      return Json.read(in.readAllBytes());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void fill(Message.Builder to, JsonNode from) {
    for (Map.Entry<String, JsonNode> entry : from.properties()) {
      // The recorder used ztunnel's name of field 5, the wire does not know names.
      String name = entry.getKey().equals("rules") ? "groups" : entry.getKey();
      FieldDescriptor field = to.getDescriptorForType().findFieldByName(name);
      if (field == null) {
        throw new AssertionError(to.getDescriptorForType().getFullName() + " has no " + name);
      }
      if (field.isMapField()) {
        for (Map.Entry<String, JsonNode> item : entry.getValue().properties()) {
          Message.Builder pair = to.newBuilderForField(field);
          FieldDescriptor key = pair.getDescriptorForType().findFieldByName("key");
          FieldDescriptor value = pair.getDescriptorForType().findFieldByName("value");
          pair.setField(key, item.getKey());
          pair.setField(value, value(pair, value, item.getValue()));
          to.addRepeatedField(field, pair.build());
        }
      } else if (field.isRepeated()) {
        for (JsonNode item : entry.getValue()) {
          to.addRepeatedField(field, value(to, field, item));
        }
      } else {
        to.setField(field, value(to, field, entry.getValue()));
      }
    }
  }

  private static Object value(Message.Builder of, FieldDescriptor field, JsonNode from) {
    return switch (field.getJavaType()) {
      case INT -> from.asInt();
      case LONG -> from.asLong();
      case BOOLEAN -> from.asBoolean();
      case STRING -> from.asString();
      case BYTE_STRING -> ByteString.copyFrom(Base64.getDecoder().decode(from.asString()));
      case ENUM -> enumValue(field, from.asString());
      case MESSAGE -> {
        Message.Builder nested = of.newBuilderForField(field);
        fill(nested, from);
        yield nested.build();
      }
      case FLOAT, DOUBLE -> throw new AssertionError("no such field is recorded");
    };
  }

  private static EnumValueDescriptor enumValue(FieldDescriptor field, String name) {
    return field.getEnumType().findValueByName(name);
  }
}
