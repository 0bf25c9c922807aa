package dev.ambit.cli.why;

import dev.ambit.cli.print.Ink;
import dev.ambit.cli.reach.MeshOptions;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.Unreachable;
import dev.ambit.cli.why.Outcome.Ruling;
import dev.ambit.cli.why.Question.NotUnderstood;
import dev.ambit.cli.why.RequestOptions.Request;
import dev.ambit.daemon.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** {@code ambit why}. */
@Command(
    name = "why",
    description = {
      "Says where a connection would go and whether it may, without opening it: the route as the"
          + " source's ztunnel takes it, the verdict of the destination's, the rule that decides,"
          + " and what the nearest rule missed.",
      "With --method, --path or --header it says what a waypoint on the way does with such a"
          + " request, too.",
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

  @Mixin private final RequestOptions request = new RequestOptions();

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
      RunningMesh running = mesh.open();
      MeshViews views = MeshViews.of(running.dumps());
      if (views.all().isEmpty()) {
        throw new NotUnderstood("no ztunnel of this mesh can be asked");
      }
      Question question = Question.of(views, from, to);
      Inquiry inquiry = new Inquiry(views, question);
      List<Outcome> outcomes = new ArrayList<>();
      question.destinations().forEach(each -> outcomes.addAll(inquiry.outcomes(each)));
      Optional<Request> asked =
          request.given() ? Optional.of(request.request(host(to))) : Optional.empty();
      List<AtTheWaypoint> answers =
          asked
              .map(each ->
                  new RequestInquiry(running, views, question.source()).answers(each, outcomes))
              .orElse(List.of());
      switch (form) {
        case PEOPLE -> {
          new Sentences(ink, out).print(question, outcomes);
          asked.ifPresent(each -> new RequestSentences(ink, out).print(each, answers));
        }
        case JSON -> {
          ObjectNode json = JsonAnswer.of(question, outcomes);
          asked.ifPresent(each -> json.set("request", RequestSentences.json(each, answers)));
          out.println(Json.pretty(json));
        }
      }
      out.flush();
      boolean allowed =
          outcomes.stream().allMatch(each -> each.ruling() == Ruling.ALLOWED)
              && answers.stream().allMatch(each -> each.ruling() == Ruling.ALLOWED);
      return allowed ? 0 : FORBIDDEN;
    } catch (NotUnderstood | Unreachable e) {
      spec.commandLine().getErr().println("ambit why: " + e.getMessage());
      spec.commandLine().getErr().flush();
      return UNKNOWN;
    }
  }

  /** The name in {@code HOST:PORT}, as a client would put it into its request. */
  private static String host(String destination) {
    int colon = destination.lastIndexOf(':');
    return colon < 1 ? destination : destination.substring(0, colon);
  }
}
