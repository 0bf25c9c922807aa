package dev.ambit.cli.up.story;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * What the demo's collector has been sent. It writes the bodies of OTLP requests into its log; here
 * only as much of their protobuf is read as the story asks for. Pure.
 */
final class Spans {
  private static final String SENT = "POST /v1/traces ";

  // opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest, from the outside in.
  private static final int RESOURCE_SPANS = 1;
  private static final int SCOPE_SPANS = 2;
  private static final int SPANS = 2;
  private static final int TRACE_ID = 1;
  private static final int SPAN_ID = 2;
  private static final int PARENT_ID = 4;
  private static final int NAME = 5;

  /** One span; ids in hex, {@code parent} "" at the root of a trace. */
  record Seen(String trace, String span, String parent, String name) {}

  private Spans() {}

  /** All spans of a trace in the collector's log. */
  static List<Seen> of(String log, String trace) {
    List<Seen> all = new ArrayList<>();
    log.lines()
        .filter(line -> line.startsWith(SENT))
        .forEach(line -> request(unescaped(line.substring(SENT.length())), all));
    return all.stream().filter(span -> span.trace().equals(trace)).toList();
  }

  private static void request(byte[] body, List<Seen> all) {
    fields(
        body,
        (number, resource) -> {
          if (number == RESOURCE_SPANS) {
            fields(
                resource,
                (inResource, scope) -> {
                  if (inResource == SCOPE_SPANS) {
                    fields(
                        scope,
                        (inScope, span) -> {
                          if (inScope == SPANS) {
                            all.add(span(span));
                          }
                        });
                  }
                });
          }
        });
  }

  private static Seen span(byte[] message) {
    String[] found = {"", "", "", ""};
    fields(
        message,
        (number, value) -> {
          switch (number) {
            case TRACE_ID -> found[0] = HexFormat.of().formatHex(value);
            case SPAN_ID -> found[1] = HexFormat.of().formatHex(value);
            case PARENT_ID -> found[2] = HexFormat.of().formatHex(value);
            case NAME -> found[3] = new String(value, StandardCharsets.UTF_8);
            default -> {
              // Nothing the story asks for.
            }
          }
        });
    return new Seen(found[0], found[1], found[2], found[3]);
  }

  /** Number and content of each field of a message that has a length; others are passed over. */
  private static void fields(byte[] message, BiConsumer<Integer, byte[]> each) {
    int[] at = {0};
    while (at[0] < message.length) {
      long tag = varint(message, at);
      switch ((int) (tag & 7)) {
        case 0 -> varint(message, at);
        case 1 -> at[0] += 8;
        case 2 -> {
          int length = (int) varint(message, at);
          int end = Math.min(message.length, at[0] + length);
          each.accept((int) (tag >>> 3), Arrays.copyOfRange(message, at[0], end));
          at[0] = end;
        }
        case 5 -> at[0] += 4;
        default -> throw new IllegalArgumentException("protobuf: got wire type " + (tag & 7));
      }
    }
  }

  private static long varint(byte[] message, int[] at) {
    long value = 0;
    for (int shift = 0; at[0] < message.length; shift += 7) {
      byte next = message[at[0]++];
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        break;
      }
    }
    return value;
  }

  /** Takes back what nginx does to bytes in its log. */
  private static byte[] unescaped(String text) {
    var bytes = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      if (text.startsWith("\\x", i) && i + 4 <= text.length()) {
        bytes.write(HexFormat.fromHexDigits(text, i + 2, i + 4));
        i += 3;
      } else {
        bytes.write(text.charAt(i));
      }
    }
    return bytes.toByteArray();
  }
}
