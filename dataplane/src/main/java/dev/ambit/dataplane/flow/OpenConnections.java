package dev.ambit.dataplane.flow;

import dev.ambit.daemon.Published;
import dev.ambit.model.Failure;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Peer;
import dev.ambit.model.policy.Verdict;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The table of open connections (spec: hbone §7.4). Inbound ones are registered before their first
 * verdict and decided again at every change of the mesh that may matter: policies, or the workload
 * itself. What is now forbidden is cut, and only that. Thread-safe.
 */
public final class OpenConnections implements AutoCloseable {
  /** How a connection ends from outside. Called on any thread; must hand over to its event loop. */
  public interface Cut {
    void cut(Failure failure, String reason);
  }

  /** One registered connection. */
  public interface Entry extends AutoCloseable {
    /** The verdict now; inbound only. Denies when the pod's workload is not known. */
    Verdict decide();

    /** Takes the connection out of the table. */
    @Override
    void close();
  }

  /** One line of {@code config_dump} and {@code ambit connections}. */
  public record Row(
      String podUid,
      Flow.Direction direction,
      InetSocketAddress source,
      @Nullable String originalDestination,
      InetSocketAddress actualDestination,
      String protocol) {}

  public OpenConnections(Published<MeshView> mesh) {
    throw new UnsupportedOperationException("OpenConnections");
  }

  /**
   * @param podUid the pod as the node agent names it
   * @param workloadUid uid of the pod's workload, looked up anew at each verdict
   * @param source the TCP peer with its port
   * @param forwardedHost the host of the {@code forwarded} header, null without
   */
  public Entry inbound(
      String podUid,
      String workloadUid,
      InetSocketAddress source,
      Peer peer,
      @Nullable String forwardedHost,
      Cut cut) {
    throw new UnsupportedOperationException("inbound");
  }

  /**
   * @param protocol {@code TCP}, {@code HBONE} or {@code DOUBLEHBONE}
   */
  public Entry outbound(
      String podUid,
      InetSocketAddress source,
      InetSocketAddress original,
      InetSocketAddress actual,
      String protocol,
      Cut cut) {
    throw new UnsupportedOperationException("outbound");
  }

  public List<Row> rows() {
    throw new UnsupportedOperationException("rows");
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException("close");
  }
}
