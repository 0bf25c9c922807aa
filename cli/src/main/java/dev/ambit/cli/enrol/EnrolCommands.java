package dev.ambit.cli.enrol;

import dev.ambit.cli.enrol.Enrolling.Screen;
import dev.ambit.cli.print.Ink;
import dev.ambit.daemon.manifest.LabelEdit;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** Adds {@code ambit namespace} and {@code ambit pod} with {@code enrol} and {@code remove}. */
public final class EnrolCommands {
  private EnrolCommands() {}

  public static void addTo(CommandLine root, Ink ink) {
    CommandLine namespace = new CommandLine(new Group("namespaces"));
    namespace.addSubcommand("enrol", new NamespaceEnrol(ink), "enroll");
    namespace.addSubcommand("remove", new NamespaceRemove(ink));
    describe(namespace, "Takes whole namespaces into the mesh, or out of it, while they run.");
    root.addSubcommand("namespace", namespace, "ns");
    CommandLine pod = new CommandLine(new Group("pods"));
    pod.addSubcommand("enrol", new PodEnrol(ink), "enroll");
    pod.addSubcommand("remove", new PodRemove(ink));
    describe(pod, "Takes single pods into the mesh, or out of it, while they run.");
    root.addSubcommand("pod", pod);
  }

  private static void describe(CommandLine group, String description) {
    group.getCommandSpec().usageMessage().description(description);
  }

  /** Does nothing itself. */
  @Command(synopsisSubcommandLabel = "COMMAND")
  private static final class Group implements Runnable {
    private final String what;

    @Spec private CommandSpec spec = CommandSpec.create();

    Group(String what) {
      this.what = what;
    }

    @Override
    public void run() {
      throw new ParameterException(
          spec.commandLine(), "got no command for " + what + ", expected enrol or remove");
    }
  }

  /** {@code ambit namespace enrol NAME}. */
  @Command(description = "Labels a namespace, so that its running pods are captured.")
  private static final class NamespaceEnrol implements Callable<Integer> {
    private final Ink ink;

    @Mixin private final Enrolling enrolling = new Enrolling();

    @Parameters(paramLabel = "NAME", description = "The namespace.")
    private String name = "";

    @Spec private CommandSpec spec = CommandSpec.create();

    NamespaceEnrol(Ink ink) {
      this.ink = ink;
    }

    @Override
    public Integer call() throws Exception {
      return enrolling.run(
          "namespace " + name,
          files -> files.set(namespace(name), Enrolling.AMBIENT),
          in(name),
          true,
          new Screen(spec.commandLine().getOut(), ink));
    }
  }

  /** {@code ambit namespace remove NAME}. */
  @Command(description = "Takes the label from a namespace, so that its pods are released.")
  private static final class NamespaceRemove implements Callable<Integer> {
    private final Ink ink;

    @Mixin private final Enrolling enrolling = new Enrolling();

    @Parameters(paramLabel = "NAME", description = "The namespace.")
    private String name = "";

    @Spec private CommandSpec spec = CommandSpec.create();

    NamespaceRemove(Ink ink) {
      this.ink = ink;
    }

    @Override
    public Integer call() throws Exception {
      return enrolling.run(
          "namespace " + name,
          files -> files.remove(namespace(name)),
          in(name),
          false,
          new Screen(spec.commandLine().getOut(), ink));
    }
  }

  /** {@code ambit pod enrol NAMESPACE/NAME}. */
  @Command(description = "Labels a pod, so that it is captured whatever its namespace says.")
  private static final class PodEnrol implements Callable<Integer> {
    private final Ink ink;

    @Mixin private final Enrolling enrolling = new Enrolling();

    @Parameters(paramLabel = "NAMESPACE/NAME", description = "The pod.")
    private String name = "";

    @Spec private CommandSpec spec = CommandSpec.create();

    PodEnrol(Ink ink) {
      this.ink = ink;
    }

    @Override
    public Integer call() throws Exception {
      LabelEdit pod = pod(name, spec);
      return enrolling.run(
          "pod " + name,
          files -> files.set(pod, Enrolling.AMBIENT),
          is(pod),
          true,
          new Screen(spec.commandLine().getOut(), ink));
    }
  }

  /** {@code ambit pod remove NAMESPACE/NAME}. */
  @Command(
      description = {
        "Takes the label from a pod, so that it is released.",
        "In a namespace that is in the mesh the pod is labelled none instead."
      })
  private static final class PodRemove implements Callable<Integer> {
    private final Ink ink;

    @Mixin private final Enrolling enrolling = new Enrolling();

    @Parameters(paramLabel = "NAMESPACE/NAME", description = "The pod.")
    private String name = "";

    @Spec private CommandSpec spec = CommandSpec.create();

    PodRemove(Ink ink) {
      this.ink = ink;
    }

    @Override
    public Integer call() throws Exception {
      LabelEdit pod = pod(name, spec);
      return enrolling.run(
          "pod " + name,
          files ->
              files.read(namespace(pod.namespace())).equals(Optional.of(Enrolling.AMBIENT))
                  ? files.set(pod, Enrolling.NONE)
                  : files.remove(pod),
          is(pod),
          false,
          new Screen(spec.commandLine().getOut(), ink));
    }
  }

  private static LabelEdit namespace(String name) {
    return new LabelEdit("Namespace", "", name, Enrolling.MODE);
  }

  private static LabelEdit pod(String name, CommandSpec spec) {
    int slash = name.indexOf('/');
    if (slash < 1 || slash == name.length() - 1) {
      throw new ParameterException(
          spec.commandLine(), "pod: got \"" + name + "\", expected NAMESPACE/NAME");
    }
    return new LabelEdit(
        "Pod", name.substring(0, slash), name.substring(slash + 1), Enrolling.MODE);
  }

  private static Predicate<JsonNode> in(String namespace) {
    return row -> row.path("namespace").asString("").equals(namespace);
  }

  private static Predicate<JsonNode> is(LabelEdit pod) {
    return row ->
        row.path("namespace").asString("").equals(pod.namespace())
            && row.path("name").asString("").equals(pod.name());
  }
}
