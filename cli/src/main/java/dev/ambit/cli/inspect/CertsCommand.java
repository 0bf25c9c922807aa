package dev.ambit.cli.inspect;

import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.Table;
import dev.ambit.cli.reach.Dump;
import dev.ambit.daemon.Json;
import java.math.BigInteger;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code ambit certs}. */
@Command(
    name = "certs",
    aliases = {"cert", "certificates", "certificate"},
    description = "Lists the certificates the ztunnels hold, with the roots they trust.")
final class CertsCommand implements Callable<Integer> {
  private static final int HEXADECIMAL = 16;

  private final Ink ink;
  private final InstantSource clock;

  @Mixin private final Asking asking = new Asking();
  @Spec private CommandSpec spec = CommandSpec.create();

  CertsCommand(Ink ink, InstantSource clock) {
    this.ink = ink;
    this.clock = clock;
  }

  /** One certificate of a chain; {@code certificate} is missing while there is none. */
  private record Row(String node, JsonNode entry, String type, JsonNode certificate) {
    String identity() {
      return entry.path("identity").asString("");
    }

    ObjectNode json() {
      ObjectNode json = Json.object();
      json.put("node", node);
      json.put("identity", identity());
      json.put("state", entry.path("state").asString(""));
      json.put("type", type);
      json.set("certificate", certificate);
      return json;
    }
  }

  @Override
  public Integer call() {
    List<Row> rows = new ArrayList<>();
    for (Dump dump : asking.meshOfNode().dumps()) {
      for (JsonNode entry : dump.json().path("certificates")) {
        add(rows, dump.node(), entry);
      }
    }
    rows.removeIf(row -> !asking.wantsNamespace(namespace(row.identity())));
    rows.sort(Comparator.comparing(Row::identity).thenComparing(Row::node));
    return asking.show(rows, table(), spec, ink);
  }

  private static void add(List<Row> rows, String node, JsonNode entry) {
    JsonNode chain = entry.path("certChain");
    if (chain.isEmpty()) {
      rows.add(new Row(node, entry, "Leaf", Json.object()));
    }
    for (int i = 0; i < chain.size(); i++) {
      rows.add(new Row(node, entry, i == 0 ? "Leaf" : "Intermediate", chain.path(i)));
    }
    for (JsonNode root : entry.path("rootCerts")) {
      rows.add(new Row(node, entry, "Root", root));
    }
  }

  private static String namespace(String identity) {
    String[] parts = identity.split("/");
    return parts.length > 4 ? parts[4] : "";
  }

  private Table<Row> table() {
    return new Table<Row>(Row::json)
        .column("CERTIFICATE NAME", Row::identity)
        .column("TYPE", Row::type)
        .column("STATUS", row -> row.entry().path("state").asString(""))
        .column("VALID CERT", this::isValid)
        .column("SERIAL NUMBER", row -> serial(row.certificate()))
        .column("NOT AFTER", row -> row.certificate().path("expirationTime").asString(""))
        .column("NOT BEFORE", row -> row.certificate().path("validFrom").asString(""))
        .column("NODE", Row::node);
  }

  private String isValid(Row row) {
    try {
      Instant now = clock.instant();
      Instant from = Instant.parse(row.certificate().path("validFrom").asString(""));
      Instant until = Instant.parse(row.certificate().path("expirationTime").asString(""));
      return String.valueOf(!now.isBefore(from) && !now.isAfter(until));
    } catch (DateTimeParseException e) {
      return "false";
    }
  }

  /** The dump has it in decimal, everybody else shows it in hexadecimal. */
  private static String serial(JsonNode certificate) {
    String decimal = certificate.path("serialNumber").asString("");
    return decimal.matches("[0-9]+") ? new BigInteger(decimal).toString(HEXADECIMAL) : decimal;
  }
}
