package dev.ambit.cli.check;

import dev.ambit.cli.check.Finding.Level;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.reach.MeshOptions;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.Unreachable;
import dev.ambit.daemon.Json;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ArrayNode;

/** {@code ambit check}. */
@Command(
    name = "check",
    description = {
      "Looks at every program of the mesh and at what the manifests could not be made into.",
      "Exit code: 0 all is well, 1 something is wrong."
    })
public final class CheckCommand implements Callable<Integer> {
  /** What it prints. */
  enum Form {
    PEOPLE,
    JSON
  }

  private final Ink ink;

  @Mixin private final MeshOptions mesh = new MeshOptions();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      description = "people (default) or json.")
  private Form form = Form.PEOPLE;

  @Spec private CommandSpec spec = CommandSpec.create();

  public CheckCommand(Ink ink) {
    this.ink = ink;
  }

  @Override
  public Integer call() {
    RunningMesh running = mesh.open();
    if (running.nodes().isEmpty() && running.controller() == null) {
      throw new Unreachable("a dump cannot be checked: name a running mesh");
    }
    List<Finding> findings = new Examination(running).findings();
    PrintWriter out = spec.commandLine().getOut();
    switch (form) {
      case PEOPLE -> print(findings, out);
      case JSON -> out.println(Json.pretty(json(findings)));
    }
    out.flush();
    return wrong(findings) == 0 ? 0 : 1;
  }

  private static long wrong(List<Finding> findings) {
    return findings.stream().filter(finding -> finding.level() == Level.WRONG).count();
  }

  private static ArrayNode json(List<Finding> findings) {
    ArrayNode all = Json.array();
    for (Finding finding : findings) {
      all.addObject()
          .put("level", finding.level().name().toLowerCase(Locale.ROOT))
          .put("subject", finding.subject())
          .put("text", finding.text())
          .put("hint", finding.hint());
    }
    return all;
  }

  private void print(List<Finding> findings, PrintWriter out) {
    for (Finding finding : findings) {
      String mark =
          switch (finding.level()) {
            case OK -> ink.good("ok   ");
            case NOTE -> ink.warning("note ");
            case WRONG -> ink.bad("wrong");
          };
      out.println(mark + " " + ink.bold(finding.subject()) + ": " + finding.text());
      if (!finding.hint().isEmpty()) {
        out.println("      " + finding.hint());
      }
    }
    long wrong = wrong(findings);
    String sum = wrong == 1 ? "1 thing is wrong" : wrong + " things are wrong";
    out.println(wrong == 0 ? ink.good("all is well") : ink.bad(sum));
  }
}
