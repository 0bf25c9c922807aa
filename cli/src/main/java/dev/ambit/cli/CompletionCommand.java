package dev.ambit.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ambit completion}. */
@Command(
    name = "completion",
    description = {
      "Prints a completion script for a shell.",
      "For example: source <(ambit completion bash)"
    })
final class CompletionCommand implements Runnable {
  /** The shells there is a script for. */
  enum Shell {
    BASH,
    ZSH
  }

  @Parameters(paramLabel = "SHELL", description = "bash or zsh")
  private Shell shell = Shell.BASH;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    // The script for bash knows zsh, too, once zsh has loaded its emulation of bash's completion.
    String preamble =
        switch (shell) {
          case BASH -> "";
          case ZSH ->
              "#compdef ambit\nautoload -U +X compinit && compinit\n"
                  + "autoload -U +X bashcompinit && bashcompinit\n";
        };
    String script = AutoComplete.bash("ambit", spec.root().commandLine());
    spec.commandLine().getOut().println(preamble + script);
    spec.commandLine().getOut().flush();
  }
}
