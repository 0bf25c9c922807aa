package dev.ambit.cli.dump;

import dev.ambit.model.workload.Cidr;
import dev.ambit.model.workload.IpAddresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/** One value of a dump and where it stands, so that a complaint can say so. */
record Field(String path, JsonNode json) {
  Field get(String name) {
    return new Field(path + "." + name, json.path(name));
  }

  boolean isAbsent() {
    return json.isMissingNode() || json.isNull();
  }

  String text(String otherwise) {
    return json.asString(otherwise);
  }

  int number(int otherwise) {
    return json.asInt(otherwise);
  }

  boolean flag(boolean otherwise) {
    return json.asBoolean(otherwise);
  }

  /** Every element of a list, or none. */
  <T> List<T> each(Function<Field, T> reader) {
    List<T> all = new ArrayList<>();
    int index = 0;
    for (JsonNode element : json.isArray() ? json : List.<JsonNode>of()) {
      all.add(reader.apply(new Field(path + "[" + index++ + "]", element)));
    }
    return all;
  }

  List<String> texts() {
    return each(element -> element.text(""));
  }

  InetAddress ip() {
    return IpAddresses.parse(text("")).orElseThrow(() -> bad("an IP address"));
  }

  Cidr cidr() {
    return Cidr.parse(text("")).orElseThrow(() -> bad("an IP block"));
  }

  /** Constants are written in many ways; case and separators do not tell them apart. */
  <E extends Enum<E>> E choice(Class<E> type, E otherwise) {
    if (isAbsent()) {
      return otherwise;
    }
    String wanted = plain(text(""));
    for (E constant : type.getEnumConstants()) {
      if (plain(constant.name()).equals(wanted)) {
        return constant;
      }
    }
    throw bad("one of " + List.of(type.getEnumConstants()));
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
  }

  UnreadableDump bad(String expected) {
    return new UnreadableDump(path + ": got " + json + ", expected " + expected);
  }

  /** A dump that is not of the shape it should have. */
  static final class UnreadableDump extends RuntimeException {
    UnreadableDump(String message) {
      super(message);
    }
  }
}
