package dev.ambit.cli.waypoint;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ambit waypoint generate}. */
@Command(name = "generate", description = "Prints the Gateway that 'apply' would write.")
final class GenerateCommand implements Callable<Integer> {
  @Mixin private final GatewayOptions gateway = new GatewayOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    spec.commandLine().getOut().print(gateway.manifest().yaml());
    spec.commandLine().getOut().flush();
    return 0;
  }
}
