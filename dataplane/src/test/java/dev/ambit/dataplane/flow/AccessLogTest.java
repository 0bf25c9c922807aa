package dev.ambit.dataplane.flow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.dataplane.identity.ManualTime;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The line a connection leaves in the log, beside recorded ones. */
final class AccessLogTest {
  private final ManualTime time = new ManualTime(Instant.parse("2026-11-24T12:00:00Z"));
  private final FlowRecorder recorder = new FlowRecorder(new Metrics(), time);
  private final EmbeddedChannel loop = new EmbeddedChannel();
  private final List<String> lines = new ArrayList<>();
  private final Runnable unfollow = Log.follow(lines::add);

  @AfterEach
  void stop() {
    unfollow.run();
    loop.close();
  }

  private String accessLine() {
    return lines.stream().filter(line -> line.contains("\taccess\t")).toList().getLast();
  }

  static List<String> goldenLines() {
    return FlowTest.golden("access-log.txt").lines().toList();
  }

  private static final Pattern FIELD = Pattern.compile("([\\w.]+)=(?:\"([^\"]*)\"|(\\S+))");

  @ParameterizedTest
  @MethodSource("goldenLines")
  @DisplayName("access log lines are byte for byte those of the real ztunnel, but for the time")
  void lines_are_those_of_the_real_ztunnel(String line) {
    Map<String, String> said = new LinkedHashMap<>();
    Matcher field = FIELD.matcher(line.substring(line.lastIndexOf('\t') + 1));
    while (field.find()) {
      said.put(field.group(1), field.group(2) == null ? field.group(3) : field.group(2));
    }
    boolean outbound = said.get("direction").equals("outbound");
    Flow flow =
        recorder.begin(
            outbound ? Flow.Direction.OUTBOUND : Flow.Direction.INBOUND,
            loop.eventLoop(),
            address(said.get("src.addr")),
            address(said.get("dst.addr")));
    String message = line.split("\t")[3];
    if (message.equals("connection failed")) {
      flow.refusedEarly(Failure.BAD_REQUEST, said.get("error"));
    } else {
      tell(flow, said);
      if (message.equals("connection opened")) {
        return; // DEBUG is off in this process; the fields are those of the closing line.
      }
      flow.opened();
      long sent = Long.parseLong(said.get("bytes_sent"));
      long received = Long.parseLong(said.get("bytes_recv"));
      flow.toServer(outbound ? sent : received);
      flow.toClient(outbound ? received : sent);
      time.advance(Duration.ofMillis(Long.parseLong(said.get("duration").replace("ms", ""))));
      if (said.containsKey("error")) {
        flow.failed(Failure.UNREACHABLE, said.get("error"));
      } else {
        flow.closed();
      }
    }
    String ours = accessLine();
    assertThat(ours.substring(ours.indexOf('\t'))).isEqualTo(line.substring(line.indexOf('\t')));
    assertThat(ours).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z\t.*");
  }

  private static void tell(Flow flow, Map<String, String> said) {
    flow.source(workload(said, "src"));
    flow.destination(workload(said, "dst"));
    if (said.containsKey("dst.hbone_addr")) {
      flow.authority(said.get("dst.hbone_addr"));
    }
    if (said.containsKey("dst.service")) {
      String host = said.get("dst.service");
      flow.service(Service.of("x", new ServiceKey("demo", host), List.of(), Map.of()));
    }
    if (said.containsKey("src.identity")) {
      flow.mutualTls(
          SpiffeId.parse(said.get("src.identity")).orElseThrow(),
          SpiffeId.parse(said.get("dst.identity")).orElseThrow());
    }
  }

  private static Workload workload(Map<String, String> said, String side) {
    return Workload.named("u")
        .name(said.get(side + ".workload"))
        .namespace(said.get(side + ".namespace"))
        .clusterId(said.get(side + ".cluster"))
        .build();
  }

  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    return FlowTest.at(
        text.substring(0, colon).replace("[", "").replace("]", ""),
        Integer.parseInt(text.substring(colon + 1)));
  }
}
