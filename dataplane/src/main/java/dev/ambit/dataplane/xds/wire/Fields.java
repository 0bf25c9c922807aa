package dev.ambit.dataplane.xds.wire;

import com.google.protobuf.ByteString;
import dev.ambit.model.workload.Cidr;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.ServiceKey;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Decoding of the fields that several messages share (spec: workload-xds §4). */
final class Fields {
  private static final int LAST_PORT = 65_535;

  private Fields() {}

  static InetAddress address(String field, ByteString bytes) {
    try {
      return InetAddress.getByAddress(bytes.toByteArray());
    } catch (UnknownHostException wrongLength) {
      throw new Undecodable(field, bytes.size() + " bytes", "an IP address of 4 or 16 bytes");
    }
  }

  static Cidr block(String field, ByteString address, int length) {
    InetAddress base = address(field, address);
    // Unsigned on the wire: what does not fit an int arrives negative.
    if (length < 0 || length > address.size() * 8) {
      throw new Undecodable(
          field + ".length",
          Integer.toUnsignedString(length),
          "a prefix of at most " + address.size() * 8);
    }
    return new Cidr(base, length);
  }

  static int port(String field, int port) {
    if (port < 0 || port > LAST_PORT) {
      throw new Undecodable(field, Integer.toUnsignedString(port), "a port of at most 65535");
    }
    return port;
  }

  static ServiceKey serviceKey(String field, String key) {
    return ServiceKey.parse(key)
        .orElseThrow(() -> new Undecodable(field, '"' + key + '"', "namespace/hostname"));
  }

  static NetworkAddress networkAddress(
      String field, dev.ambit.proto.workload.NetworkAddress address) {
    return new NetworkAddress(address.getNetwork(), address(field, address.getAddress()));
  }

  static GatewayAddress gateway(String field, dev.ambit.proto.workload.GatewayAddress gateway) {
    int port = port(field + ".hbone_mtls_port", gateway.getHboneMtlsPort());
    return switch (gateway.getDestinationCase()) {
      case HOSTNAME ->
          new GatewayAddress(
              new GatewayAddress.ByHostname(
                  new ServiceKey(
                      gateway.getHostname().getNamespace(), gateway.getHostname().getHostname())),
              port);
      case ADDRESS ->
          new GatewayAddress(
              new GatewayAddress.ByAddress(networkAddress(field, gateway.getAddress())), port);
      case DESTINATION_NOT_SET -> throw new Undecodable(field, "no destination", "one");
    };
  }

  static @Nullable GatewayAddress gateway(
      String field, boolean present, dev.ambit.proto.workload.GatewayAddress gateway) {
    return present ? gateway(field, gateway) : null;
  }

  static Undecodable unknownNumber(String field, int number) {
    return new Undecodable(field, number, "a number this version knows");
  }
}
