package dev.ambit.cli.why;

import dev.ambit.cli.print.Ink;
import dev.ambit.cli.reach.MeshOptions;
import dev.ambit.cli.reach.Unreachable;
import dev.ambit.cli.why.Outcome.Ruling;
import dev.ambit.cli.why.Question.NotUnderstood;
import dev.ambit.daemon.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ambit why}. */
@Command(
    name = "why",
    description = {
      "Says where a connection would go and whether it may, without opening it: the route as the"
          + " source's ztunnel takes it, the verdict of the destination's, the rule that decides,"
          + " and what the nearest rule missed.",
      "Exit code: 0 allowed, 1 denied or refused, 2 not known."
    })
public final class WhyCommand implements Callable<Integer> {
  private static final int FORBIDDEN = 1;
  private static final int UNKNOWN = 2;

  /** What it prints. */
  enum Form {
    PEOPLE,
    JSON
  }

  private final Ink ink;

  @Mixin private final MeshOptions mesh = new MeshOptions();

  @Parameters(index = "0", paramLabel = "SRC", description = "NAMESPACE/POD or the IP of a pod.")
  private String from = "";

  @Parameters(
      index = "1",
      paramLabel = "DST:PORT",
      description = "NAMESPACE/POD, a service (echo, echo.demo, its hostname) or an IP.")
  private String to = "";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      description = "people (default) or json.")
  private Form form = Form.PEOPLE;

  @Spec private CommandSpec spec = CommandSpec.create();

  public WhyCommand(Ink ink) {
    this.ink = ink;
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try {
      MeshViews views = MeshViews.of(mesh.open().dumps());
      if (views.all().isEmpty()) {
        throw new NotUnderstood("no ztunnel of this mesh can be asked");
      }
      Question question = Question.of(views, from, to);
      Inquiry inquiry = new Inquiry(views, question);
      List<Outcome> outcomes = new ArrayList<>();
      question.destinations().forEach(each -> outcomes.addAll(inquiry.outcomes(each)));
      switch (form) {
        case PEOPLE -> new Sentences(ink, out).print(question, outcomes);
        case JSON -> out.println(Json.pretty(JsonAnswer.of(question, outcomes)));
      }
      out.flush();
      boolean allowed = outcomes.stream().allMatch(each -> each.ruling() == Ruling.ALLOWED);
      return allowed ? 0 : FORBIDDEN;
    } catch (NotUnderstood | Unreachable e) {
      spec.commandLine().getErr().println("ambit why: " + e.getMessage());
      spec.commandLine().getErr().flush();
      return UNKNOWN;
    }
  }
}
