package dev.ambit.cni.enrol;

import dev.ambit.daemon.kernel.Kernel.TcpSocket;
import dev.ambit.daemon.kernel.Netns;
import java.nio.file.Path;
import java.util.List;

/**
 * One pod's network namespace, as the agent sees and changes it. Every change is repeatable and
 * leaves a namespace that holds nothing of ours alone. Blocking; used by one thread at a time.
 */
public interface PodNetwork extends AutoCloseable {
  Netns namespace();

  /** Whether {@code other} is the same namespace. */
  default boolean same(PodNetwork other) {
    return namespace().same(other.namespace());
  }

  /** Which of our rules are in place, judged against {@code options}. */
  RedirectRules.Found found(RedirectOptions options);

  /**
   * Captures from now on. What is open already is left alone: conntrack is told not to pick up
   * flows whose beginning it has not seen, so their packets meet no NAT rule (spec: enrolment §3).
   * Rules that are right already are not touched, and keep their counters.
   */
  void capture(RedirectOptions options);

  /** Stops capturing, and keeps what open captured flows live on. */
  void drain();

  /** Takes away rules, routes and the conntrack setting. */
  void remove();

  /** TCP sockets in any state but TIME_WAIT. */
  List<TcpSocket> sockets();

  @Override
  void close();

  /** Opens the namespaces of this machine; never that of the agent itself. */
  static Opener linux() {
    return LinuxPodNetwork::open;
  }

  /** Finds a pod's namespace. */
  interface Opener {
    /**
     * Opens the namespace behind {@code file}; throws {@link Refused} with a sentence when there is
     * none (yet), or when it is one that must not be touched.
     */
    PodNetwork open(Path file);
  }

  /** The kernel, or a tool that drives it, refused a change. */
  final class Refused extends RuntimeException {
    public Refused(String message) {
      super(message);
    }
  }
}
