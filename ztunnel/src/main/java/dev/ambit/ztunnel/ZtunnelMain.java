package dev.ambit.ztunnel;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Settings;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.model.route.InboundCheck;
import dev.ambit.model.route.Router;
import dev.ambit.ztunnel.pod.PodRunner;
import dev.ambit.ztunnel.proxy.PodProxy;
import dev.ambit.ztunnel.proxy.ProxySettings;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** {@code ambit ztunnel}. */
public final class ZtunnelMain {
  private static final int BAD_SETTINGS = 64;

  /** On top of the deadline of the drain itself, which forces what is left. */
  private static final Duration DRAIN_SLACK = Duration.ofSeconds(2);

  private ZtunnelMain() {}

  /** Runs until SIGTERM, SIGINT or {@code /quitquitquit}, then drains and ends with 0. */
  public static void main(String[] args) {
    Ztunnel ztunnel;
    Duration deadline;
    try {
      Settings read = Settings.of(System.getenv(), args);
      Log.configure(read);
      ZtunnelSettings settings = ZtunnelSettings.from(read, System.getenv());
      ProxySettings proxy = ProxySettings.from(read, settings.transport().sockets());
      read.finish();
      deadline = settings.terminationDeadline().plus(DRAIN_SLACK);
      ztunnel = Ztunnel.start(settings, World.real(path -> runner(path, proxy)));
    } catch (Settings.BadSettings e) {
      System.err.println(e.getMessage());
      System.exit(BAD_SETTINGS);
      return;
    } catch (RuntimeException e) {
      System.err.println("ambit ztunnel: " + e.getMessage());
      System.exit(1);
      return;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(ztunnel, deadline), "stop"));
    ztunnel.quitRequested().join();
    System.exit(0);
  }

  private static PodRunner runner(World.DataPath path, ProxySettings proxy) {
    String network = path.settings().node().network();
    return new PodProxy(
        PodProxy.Network.of(path.transport()),
        new PodProxy.Mesh(path.mesh(), new Router(network), new InboundCheck(network), network),
        new TunnelPool.Identities(path.certificates(), path.tls()),
        new PodProxy.Flows(path.flows(), path.connections(), InstantSource.system()),
        proxy);
  }

  private static void end(Ztunnel ztunnel, Duration deadline) {
    try {
      ztunnel.drain().get(deadline.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      System.err.println("ambit ztunnel: the drain did not end: " + e);
    }
    ztunnel.close();
    Log.flush(Duration.ofSeconds(1));
    // A signal's own exit status would not be 0.
    Runtime.getRuntime().halt(0);
  }
}
