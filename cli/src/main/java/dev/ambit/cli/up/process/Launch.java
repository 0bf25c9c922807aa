package dev.ambit.cli.up.process;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * How a program that is kept running is started.
 *
 * @param environment all of it; nothing is inherited
 * @param log where its output goes, appended
 */
public record Launch(String name, List<String> command, Map<String, String> environment, Path log) {
  public Launch {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
  }
}
