package dev.ambit.controller.ca.wire;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.ambit.controller.ca.CertificateAuthority;
import dev.ambit.proto.ca.IstioCertificateRequest;
import dev.ambit.proto.ca.IstioCertificateResponse;
import dev.ambit.proto.ca.IstioCertificateServiceGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Optional;

/** {@code IstioCertificateService} over gRPC (spec: ca §1). Says no more than it must. */
public final class CertificateService
    extends IstioCertificateServiceGrpc.IstioCertificateServiceImplBase {
  private static final String IMPERSONATED = "ImpersonatedIdentity";
  private static final String JOINING = "AmbitNode";

  private final CertificateAuthority authority;

  public CertificateService(CertificateAuthority authority) {
    this.authority = authority;
  }

  @Override
  public void createCertificate(
      IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> out) {
    CertificateAuthority.Answer answer =
        authority.issue(
            Callers.current(),
            new CertificateAuthority.Request(
                request.getCsr(),
                request.getValidityDuration(),
                text(request.getMetadata(), IMPERSONATED),
                text(request.getMetadata(), JOINING)));
    switch (answer.outcome()) {
      case ISSUED -> {
        out.onNext(IstioCertificateResponse.newBuilder().addAllCertChain(answer.chain()).build());
        out.onCompleted();
      }
      case NOT_AUTHORIZED -> refuse(out, Status.UNAUTHENTICATED, Callers.OPAQUE);
      case BAD_CSR -> refuse(out, Status.INVALID_ARGUMENT, "the CSR is not acceptable");
      case TTL_TOO_LONG ->
          refuse(out, Status.INVALID_ARGUMENT, "the requested validity is above the maximum");
      case TOO_MANY -> refuse(out, Status.RESOURCE_EXHAUSTED, "too many requests");
      case CANNOT_SIGN -> refuse(out, Status.INTERNAL, "the CA cannot sign now");
    }
  }

  private static void refuse(
      StreamObserver<IstioCertificateResponse> out, Status status, String message) {
    out.onError(status.withDescription(message).asRuntimeException());
  }

  private static Optional<String> text(Struct metadata, String key) {
    Value value = metadata.getFieldsMap().get(key);
    return value == null || !value.hasStringValue() || value.getStringValue().isEmpty()
        ? Optional.empty()
        : Optional.of(value.getStringValue());
  }
}
