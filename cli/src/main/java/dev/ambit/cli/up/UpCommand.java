package dev.ambit.cli.up;

import dev.ambit.cli.reach.StateFolders;
import dev.ambit.cli.up.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ambit up}: brings up what a folder of manifests says, on this machine alone. */
@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = {
      "Brings up a mesh on this machine: nodes and pods of the manifests in DIR become network"
          + " namespaces, with the mesh's programs and the pods' own ones in them.",
      "It follows the folder until Ctrl-C, which leaves nothing behind."
    })
public final class UpCommand implements Callable<Integer> {
  @Option(
      names = {"-f", "--folder"},
      paramLabel = "DIR",
      required = true,
      description = "Folder of Kubernetes and Istio YAML; read, never written.")
  private Path folder = Path.of("");

  @Option(
      names = "--once",
      description = "Runs the demo's story on a copy of the folder, checks each step, and ends.")
  private boolean once;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      description = "people (default) or json: one line a step.")
  private String output = "people";

  @Option(
      names = "--state",
      paramLabel = "DIR",
      description =
          "Folder the mesh keeps its files in; removed at the end. Default: ${DEFAULT-VALUE}")
  private Path state = StateFolders.usual();

  @Option(names = "--logs", paramLabel = "DIR", description = "Keeps a copy of the logs there.")
  private @Nullable Path logs;

  @Option(names = "--inside", hidden = true, description = "Mesh id; set by the outer process.")
  private @Nullable String inside;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    Report report = Report.of(form(), System.out, System.err);
    Path manifests = checkedFolder();
    if (inside != null) {
      return new Inside(manifests, state.toAbsolutePath(), inside, report).run(once);
    }
    var outer = new Enclosure(new StateFolder(state.toAbsolutePath()), manifests, report, logs);
    return outer.run(once, output);
  }

  private Report.Form form() {
    return switch (output.toLowerCase(Locale.ROOT)) {
      case "json" -> Report.Form.JSON;
      case "people" -> Report.Form.PEOPLE;
      default -> throw wrong("--output: got " + output + ", expected people or json");
    };
  }

  private Path checkedFolder() throws IOException {
    Path real = folder.toAbsolutePath().normalize();
    if (!Files.isDirectory(real)) {
      throw wrong("--folder: got " + folder + ", expected a folder");
    }
    try (Stream<Path> files = Files.list(real)) {
      if (files.noneMatch(file -> file.toString().matches(".*\\.ya?ml"))) {
        throw wrong("--folder: got " + folder + " without a manifest, expected *.yaml files");
      }
    }
    if (once && !Files.isDirectory(real.resolve("story"))) {
      throw wrong(
          "--once: got " + folder + " without a folder 'story', expected the demo (docs/demo)");
    }
    return real;
  }

  private ParameterException wrong(String sentence) {
    return new ParameterException(Objects.requireNonNull(spec).commandLine(), sentence);
  }
}
