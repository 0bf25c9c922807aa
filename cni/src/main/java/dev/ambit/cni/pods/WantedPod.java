package dev.ambit.cni.pods;

import dev.ambit.cni.enrol.Enrolment;
import dev.ambit.cni.enrol.RedirectOptions;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;

/**
 * What a pod of this node should be.
 *
 * @param network the file of its network namespace
 * @param verdict whether it is to be captured, and why
 * @param over whether it has ended, so that nothing of it needs to finish
 */
public record WantedPod(
    String uid,
    String namespace,
    String name,
    String serviceAccount,
    List<InetAddress> addresses,
    Path network,
    Enrolment.Verdict verdict,
    RedirectOptions options,
    boolean over) {
  public WantedPod {
    addresses = List.copyOf(addresses);
  }

  /** {@code namespace/name}. */
  public String fullName() {
    return namespace + "/" + name;
  }

  WantedPod released(String reason) {
    return new WantedPod(
        uid,
        namespace,
        name,
        serviceAccount,
        addresses,
        network,
        new Enrolment.Verdict(false, reason),
        options,
        over);
  }
}
