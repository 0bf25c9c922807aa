package dev.ambit.cli.l7;

import dev.ambit.model.http.RetryPolicy;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteAction.Backend;
import dev.ambit.model.http.RouteAction.Cluster;
import dev.ambit.model.http.RouteAction.Forward;
import dev.ambit.model.http.RouteAction.Missing;
import dev.ambit.model.http.RouteAction.Redirect;
import dev.ambit.model.http.RouteAction.Respond;
import dev.ambit.model.http.RouteAction.Share;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What becomes of a request, in words. */
public final class ActionText {
  private ActionText() {}

  /** Such as {@code 90% market/reviews-v1:80, 10% market/reviews-v2:80}. */
  public static String of(RouteAction action) {
    return switch (action) {
      case Forward forward -> forward(forward);
      case Redirect redirect -> "redirect with " + redirect.to().status();
      case Respond respond -> "answer " + respond.status();
    };
  }

  private static String forward(Forward forward) {
    if (forward.shares().isEmpty()) {
      return "answer 500: no backend";
    }
    int sum = forward.shares().stream().mapToInt(Share::weight).sum();
    List<String> parts = new ArrayList<>();
    for (Share share : forward.shares()) {
      String percent =
          forward.shares().size() == 1 || sum == 0 ? "" : share.weight() * 100 / sum + "% ";
      parts.add(percent + of(share.backend()));
    }
    return String.join(", ", parts)
        + forward.mirrors().stream()
            .map(mirror ->
                ", copies of "
                    + mirror.numerator()
                    + "/"
                    + mirror.denominator()
                    + " to "
                    + of(mirror.backend()))
            .collect(Collectors.joining());
  }

  static String of(Backend backend) {
    return switch (backend) {
      case Cluster cluster ->
          cluster.service()
              + (cluster.port() == 0 ? "" : ":" + cluster.port())
              + (cluster.subset().isEmpty() ? "" : " subset " + cluster.subset());
      case Missing missing -> missing.name() + " (missing: " + missing.reply().status() + ")";
    };
  }

  /** Its limits of time, such as {@code 300ms, 50ms a try}; "" without any. */
  public static String timeouts(RouteAction action) {
    if (!(action instanceof Forward forward)) {
      return "";
    }
    Duration overall = forward.timeouts().overall();
    Duration perTry = forward.timeouts().perTry();
    List<String> parts = new ArrayList<>();
    if (overall != null) {
      parts.add(overall.toMillis() + "ms");
    }
    if (perTry != null) {
      parts.add(perTry.toMillis() + "ms a try");
    }
    return String.join(", ", parts);
  }

  /** How often it is tried again, such as {@code 3 on 503}; "" when it is not sent on. */
  public static String retries(RouteAction action) {
    if (!(action instanceof Forward forward)) {
      return "";
    }
    RetryPolicy retry = forward.retry();
    if (retry.retries() == 0) {
      return "0";
    }
    String codes =
        retry.codes().stream().sorted().map(String::valueOf).collect(Collectors.joining(","));
    return retry.retries()
        + (retry.equals(RetryPolicy.DEFAULT)
            ? " (default)"
            : codes.isEmpty() ? "" : " on " + codes);
  }
}
