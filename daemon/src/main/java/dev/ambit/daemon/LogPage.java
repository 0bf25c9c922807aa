package dev.ambit.daemon;

import dev.ambit.daemon.AdminServer.Reply;
import dev.ambit.daemon.AdminServer.Request;
import java.util.List;

/** {@code POST /logging}: shows and changes log levels while the process runs. */
final class LogPage {
  private static final String HELP =
      """
      usage: POST /logging\t(To list current level)
      usage: POST /logging?level=<level>\t(To change global levels)
      usage: POST /logging?level={mod1}=<level1>,{mod2}:<level2>\t(To change specific mods' logging level)
      usage: POST /logging?level=<level>&reset\t(To return to the level of the start first)

      hint: loglevel:\terror|warn|info|debug|trace|off
      hint: mod_name:\tthe module name, i.e. access, dns, xds, io.netty
      """;

  private LogPage() {}

  static Reply answer(Request request) {
    if (!request.method().equals("POST")) {
      return Reply.text(405, "Invalid HTTP method\n" + HELP);
    }
    String level = String.join(",", request.query().getOrDefault("level", List.of()));
    boolean reset = request.query().containsKey("reset");
    if (!level.isEmpty() || reset) {
      LogFilter base = reset ? Log.start() : Log.filter();
      try {
        Log.apply(level.isEmpty() ? base : base.with(level));
      } catch (IllegalArgumentException e) {
        return Reply.text(400, "Invalid level provided: " + level + "\n" + HELP);
      }
    }
    return Reply.text(200, "current log level is " + Log.filter().text() + "\n");
  }
}
