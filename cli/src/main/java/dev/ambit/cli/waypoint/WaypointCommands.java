package dev.ambit.cli.waypoint;

import dev.ambit.cli.print.Ink;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Adds {@code ambit waypoint} and its commands, under the names istioctl has for them. */
public final class WaypointCommands {
  private WaypointCommands() {}

  public static void addTo(CommandLine root, Ink ink) {
    CommandLine waypoint = new CommandLine(new Group());
    waypoint.addSubcommand(new ApplyCommand(ink));
    waypoint.addSubcommand(new GenerateCommand());
    waypoint.addSubcommand(new ListCommand(ink));
    waypoint.addSubcommand(new StatusCommand(ink));
    waypoint.addSubcommand(new DeleteCommand(ink));
    waypoint.addSubcommand(new RoutesCommand(ink));
    waypoint.addSubcommand(new ClustersCommand(ink));
    waypoint.addSubcommand(new PoliciesCommand(ink));
    root.addSubcommand("waypoint", waypoint);
  }

  /** Does nothing itself. */
  @Command(
      synopsisSubcommandLabel = "COMMAND",
      description = {
        "Makes, lists and removes waypoints, and looks inside them.",
        "Without a command, 'ambit waypoint' is the waypoint itself."
      })
  private static final class Group implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
      throw new ParameterException(
          spec.commandLine(),
          "got no command for waypoints, expected one of "
              + String.join(", ", spec.subcommands().keySet()));
    }
  }
}
