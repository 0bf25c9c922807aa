package dev.ambit.cli.inspect;

import dev.ambit.cli.print.Ink;
import java.time.InstantSource;
import picocli.CommandLine;

/** Adds the listing commands, under the names that {@code istioctl ztunnel-config} has for them. */
public final class Inspection {
  private Inspection() {}

  public static void addTo(CommandLine root, Ink ink, InstantSource clock) {
    root.addSubcommand(new WorkloadsCommand(ink));
    root.addSubcommand(new ServicesCommand(ink));
    root.addSubcommand(new PoliciesCommand(ink));
    root.addSubcommand(new CertsCommand(ink, clock));
    root.addSubcommand(new ConnectionsCommand(ink));
    root.addSubcommand(new TunnelsCommand(ink, clock));
    root.addSubcommand(new PodsCommand(ink, clock));
  }
}
