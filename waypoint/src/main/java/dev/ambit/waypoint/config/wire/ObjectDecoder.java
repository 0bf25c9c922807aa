package dev.ambit.waypoint.config.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.Optional;

/** Reads {@code ambit.waypoint.v1.Object}. */
public final class ObjectDecoder {
  private ObjectDecoder() {}

  /** The JSON of an object; empty when these are not the bytes of one. */
  public static Optional<String> json(byte[] value) {
    try {
      String json = dev.ambit.proto.waypoint.Object.parseFrom(value).getJson();
      return json.isEmpty() ? Optional.empty() : Optional.of(json);
    } catch (InvalidProtocolBufferException e) {
      return Optional.empty();
    }
  }
}
