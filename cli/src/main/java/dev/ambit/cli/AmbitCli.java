package dev.ambit.cli;

import dev.ambit.cli.check.CheckCommand;
import dev.ambit.cli.enrol.EnrolCommands;
import dev.ambit.cli.inspect.Inspection;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.reach.Unreachable;
import dev.ambit.cli.up.ExecCommand;
import dev.ambit.cli.up.UpCommand;
import dev.ambit.cli.waypoint.WaypointCommands;
import dev.ambit.cli.why.WhyCommand;
import java.time.InstantSource;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;

/**
 * The {@code ambit} command line. Exit codes: 0 as asked, 1 it could not be done or something is
 * wrong, 2 it was not understood.
 */
@Command(
    name = "ambit",
    mixinStandardHelpOptions = true,
    versionProvider = ClientVersion.class,
    description = "An ambient-mode service mesh.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "The daemons 'ambit controller', 'ambit cni', 'ambit ztunnel' and 'ambit waypoint' (with no",
      "command) take their settings from the environment; 'ambit up' starts them."
    })
public final class AmbitCli {
  private AmbitCli() {}

  public static void main(String[] args) {
    System.exit(commandLine(System.getenv(), InstantSource.system()).execute(args));
  }

  /** Every command, ready to run; tests give it another environment, clock and writers. */
  static CommandLine commandLine(Map<String, String> environment, InstantSource clock) {
    Ink ink = Ink.of(environment);
    CommandLine root = new CommandLine(new AmbitCli());
    root.addSubcommand(new UpCommand());
    root.addSubcommand(new ExecCommand());
    Inspection.addTo(root, ink, clock);
    root.addSubcommand(new WhyCommand(ink));
    EnrolCommands.addTo(root, ink);
    WaypointCommands.addTo(root, ink);
    root.addSubcommand(new CheckCommand(ink));
    root.addSubcommand(new VersionCommand());
    root.addSubcommand(new CompletionCommand());
    root.setCaseInsensitiveEnumValuesAllowed(true);
    root.setUsageHelpAutoWidth(true);
    root.setColorScheme(CommandLine.Help.defaultColorScheme(ink.coloured() ? Ansi.ON : Ansi.OFF));
    root.setExecutionExceptionHandler(AmbitCli::failed);
    return root;
  }

  /** One line for what an operator can mend; the stack too when it is our mistake. */
  private static int failed(Exception cause, CommandLine command, CommandLine.ParseResult parsed) {
    command
        .getErr()
        .println(
            command.getColorScheme().errorText(command.getCommandSpec().qualifiedName() + ": ")
                + (cause instanceof Unreachable ? cause.getMessage() : cause.toString()));
    if (!(cause instanceof Unreachable) && System.getenv("AMBIT_STACK") != null) {
      cause.printStackTrace(command.getErr());
    }
    command.getErr().flush();
    return command.getCommandSpec().exitCodeOnExecutionException();
  }
}
