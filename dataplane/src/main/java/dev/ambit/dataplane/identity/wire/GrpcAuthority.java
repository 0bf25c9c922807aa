package dev.ambit.dataplane.identity.wire;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.ambit.dataplane.controlplane.wire.ControlPlaneChannel;
import dev.ambit.dataplane.identity.IstioCa;
import dev.ambit.proto.ca.IstioCertificateRequest;
import dev.ambit.proto.ca.IstioCertificateServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** {@code istio.v1.auth.IstioCertificateService} (spec: ca §1). Blocking. */
public final class GrpcAuthority implements IstioCa.Authority {
  private static final int DEADLINE_SECONDS = 10;

  private final ControlPlaneChannel channel;

  public GrpcAuthority(ControlPlaneChannel channel) {
    this.channel = channel;
  }

  /** The CA gave no certificate, and why. */
  public static final class Refused extends RuntimeException {
    Refused(ControlPlaneChannel channel, Status status, Throwable cause) {
      super("CA " + channel.sentence(status), cause);
    }
  }

  @Override
  public List<String> sign(String request, Duration validity, Map<String, String> metadata) {
    IstioCertificateRequest.Builder message =
        IstioCertificateRequest.newBuilder()
            .setCsr(request)
            .setValidityDuration(Math.max(1, validity.toSeconds()));
    if (!metadata.isEmpty()) {
      Struct.Builder fields = Struct.newBuilder();
      metadata.forEach((name, value) ->
          fields.putFields(name, Value.newBuilder().setStringValue(value).build()));
      message.setMetadata(fields);
    }
    try {
      return List.copyOf(
          IstioCertificateServiceGrpc.newBlockingStub(channel.shared())
              .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
              .createCertificate(message.build())
              .getCertChainList());
    } catch (StatusRuntimeException refused) {
      throw new Refused(channel, refused.getStatus(), refused);
    }
  }
}
