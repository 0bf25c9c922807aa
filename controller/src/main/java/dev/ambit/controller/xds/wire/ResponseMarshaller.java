package dev.ambit.controller.xds.wire;

import com.google.protobuf.CodedOutputStream;
import dev.ambit.controller.xds.DeltaResponse;
import dev.ambit.controller.xds.EncodedResource;
import dev.ambit.proto.discovery.DeltaDiscoveryResponse;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * Writes a {@code DeltaDiscoveryResponse} around resources that are serialised already: their
 * shared bytes go straight into the buffers of the connection.
 */
final class ResponseMarshaller implements MethodDescriptor.Marshaller<DeltaResponse> {
  private static final int VERSION = DeltaDiscoveryResponse.SYSTEM_VERSION_INFO_FIELD_NUMBER;
  private static final int RESOURCES = DeltaDiscoveryResponse.RESOURCES_FIELD_NUMBER;
  private static final int TYPE_URL = DeltaDiscoveryResponse.TYPE_URL_FIELD_NUMBER;
  private static final int NONCE = DeltaDiscoveryResponse.NONCE_FIELD_NUMBER;
  private static final int REMOVED = DeltaDiscoveryResponse.REMOVED_RESOURCES_FIELD_NUMBER;
  private static final int LENGTH_DELIMITED = 2;

  @Override
  public InputStream stream(DeltaResponse response) {
    return new ResponseStream(response);
  }

  @Override
  public DeltaResponse parse(InputStream stream) {
    throw new UnsupportedOperationException("a server only writes responses");
  }

  static int size(DeltaResponse response) {
    int size =
        CodedOutputStream.computeStringSize(VERSION, response.systemVersion())
            + CodedOutputStream.computeStringSize(TYPE_URL, response.typeUrl())
            + CodedOutputStream.computeStringSize(NONCE, response.nonce());
    for (EncodedResource resource : response.resources()) {
      int length = resource.size(response.withAliases());
      size +=
          CodedOutputStream.computeTagSize(RESOURCES)
              + CodedOutputStream.computeUInt32SizeNoTag(length)
              + length;
    }
    for (String name : response.removed()) {
      size += CodedOutputStream.computeStringSize(REMOVED, name);
    }
    return size;
  }

  private static void write(DeltaResponse response, OutputStream target) throws IOException {
    CodedOutputStream out = CodedOutputStream.newInstance(target);
    out.writeString(VERSION, response.systemVersion());
    for (EncodedResource resource : response.resources()) {
      out.writeTag(RESOURCES, LENGTH_DELIMITED);
      out.writeUInt32NoTag(resource.size(response.withAliases()));
      out.writeRawBytes(resource.body());
      if (response.withAliases()) {
        out.writeRawBytes(resource.aliasBody());
      }
    }
    out.writeString(TYPE_URL, response.typeUrl());
    out.writeString(NONCE, response.nonce());
    for (String name : response.removed()) {
      out.writeString(REMOVED, name);
    }
    out.flush();
  }

  /** The message, drained by the transport; read as a stream only by transports that must. */
  private static final class ResponseStream extends InputStream implements Drainable, KnownLength {
    private final DeltaResponse response;
    private boolean drained;
    private @Nullable InputStream whole;

    private ResponseStream(DeltaResponse response) {
      this.response = response;
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      drained = true;
      write(response, target);
      return size(response);
    }

    @Override
    public int available() throws IOException {
      InputStream read = whole;
      if (read != null) {
        return read.available();
      }
      return drained ? 0 : size(response);
    }

    @Override
    public int read() throws IOException {
      return bytes().read();
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      return bytes().read(into, offset, length);
    }

    private InputStream bytes() {
      InputStream read = whole;
      if (read == null) {
        ByteArrayOutputStream buffer = new ByteArrayOutputStream(size(response));
        try {
          write(response, buffer);
        } catch (IOException e) {
          throw new UncheckedIOException("writing into memory", e);
        }
        read = new ByteArrayInputStream(buffer.toByteArray());
        whole = read;
      }
      return read;
    }
  }
}
