package dev.ambit.ztunnel.dns;

import dev.ambit.ztunnel.dns.Wire.Entry;
import dev.ambit.ztunnel.dns.Wire.Malformed;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What a client sent (spec: dns §2). */
sealed interface Query {
  /** Answering it would be wrong: it is an answer itself, or less than a header. */
  record Ignored() implements Query {}

  /** It is told what is wrong with it. */
  record Refused(byte[] reply) implements Query {}

  /**
   * One question; further ones are not looked at.
   *
   * @param flags of the header
   * @param question name, type and class as they were sent
   * @param name without the final dot, in the case it was sent; a dot within a label, which no name
   *     of the mesh has, is a NUL
   * @param edns what the client's OPT record says; null without one
   */
  record Question(
      int id,
      int flags,
      byte[] question,
      String name,
      int type,
      int recordClass,
      @Nullable Edns edns)
      implements Query {
    boolean forAddresses() {
      return recordClass == Wire.INTERNET && (type == Wire.A || type == Wire.AAAA);
    }

    /** The largest reply that may be sent. */
    int largestReply(boolean datagram) {
      if (!datagram) {
        return Wire.LARGEST;
      }
      return edns == null ? Wire.SMALL : Math.min(edns.payload(), Wire.LARGEST_DATAGRAM);
    }

    /** This question in our own words, for a name server outside. */
    byte[] asked(int newId) {
      ByteBuffer query =
          ByteBuffer.allocate(Wire.HEADER + question.length + (edns == null ? 0 : Wire.OPT_LENGTH));
      int kept = Wire.RECURSION_DESIRED | Wire.AUTHENTIC | Wire.CHECKING_DISABLED;
      query.putShort((short) newId).putShort((short) (flags & kept)).putShort((short) 1);
      query.putShort((short) 0).putShort((short) 0).putShort((short) (edns == null ? 0 : 1));
      query.put(question);
      if (edns != null) {
        Wire.putOpt(query, Math.min(edns.payload(), Edns.MOST_UPSTREAM), edns.flags());
      }
      return query.array();
    }
  }

  /**
   * An OPT record.
   *
   * @param payload the largest datagram its sender takes, at least 512
   */
  record Edns(int payload, boolean dnssecOk) {
    /** More is fragmented on most ways, and then asked for by TCP. */
    static final int MOST_UPSTREAM = 4096;

    int flags() {
      return dnssecOk ? Wire.DNSSEC_OK : 0;
    }
  }

  /** Reads a message. */
  static Query read(byte[] message) {
    // Two bytes of id, and the bit that tells an answer.
    if (message.length < 3 || (message[2] & 0x80) != 0) {
      return new Ignored();
    }
    int id = Wire.number(message, 0);
    if (message.length < Wire.HEADER) {
      return new Refused(Replies.bare(id, 0, Wire.FORMAT_ERROR));
    }
    int flags = Wire.number(message, 2);
    if ((flags & Wire.OPCODE) != 0) {
      return new Refused(Replies.bare(id, flags, Wire.NOT_IMPLEMENTED));
    }
    try {
      return question(message, id, flags);
    } catch (Malformed malformed) {
      return new Refused(Replies.bare(id, flags, Wire.FORMAT_ERROR));
    }
  }

  private static Question question(byte[] message, int id, int flags) throws Malformed {
    int questions = Wire.number(message, 4);
    if (questions == 0) {
      throw new Malformed("got no question, expected one");
    }
    StringBuilder name = new StringBuilder();
    int afterName = readName(message, name);
    int end = afterQuestion(message, afterName);
    int at = end;
    for (int i = 1; i < questions; i++) {
      at = afterQuestion(message, Wire.afterName(message, at));
    }
    return new Question(
        id,
        flags,
        Arrays.copyOfRange(message, Wire.HEADER, end),
        name.toString(),
        Wire.number(message, afterName),
        Wire.number(message, afterName + 2),
        edns(message, at));
  }

  private static int afterQuestion(byte[] message, int afterName) throws Malformed {
    Wire.octet(message, afterName + 3);
    return afterName + 4;
  }

  /** The first name has nothing before it that it could point to. */
  private static int readName(byte[] message, StringBuilder name) throws Malformed {
    int at = Wire.HEADER;
    for (int length = Wire.octet(message, at); length != 0; length = Wire.octet(message, at)) {
      if (length > 63 || at + length - Wire.HEADER > 253) {
        throw new Malformed("name: got a label of " + length + ", expected at most 63, 255 in all");
      }
      if (!name.isEmpty()) {
        name.append('.');
      }
      for (int i = 1; i <= length; i++) {
        char c = (char) Wire.octet(message, at + i);
        name.append(c == '.' ? '\0' : c);
      }
      at += 1 + length;
    }
    return at + 1;
  }

  private static @Nullable Edns edns(byte[] message, int from) throws Malformed {
    int before = Wire.number(message, 6) + Wire.number(message, 8);
    int records = before + Wire.number(message, 10);
    Edns found = null;
    int at = from;
    for (int i = 0; i < records; i++) {
      Entry entry = Entry.at(message, at);
      if (entry.type() == Wire.OPT && i >= before) {
        if (found != null) {
          throw new Malformed("got two OPT records, expected one");
        }
        found =
            new Edns(
                Math.max(entry.payload(), Wire.SMALL), (entry.lifetime() & Wire.DNSSEC_OK) != 0);
      }
      at = entry.end();
    }
    return found;
  }
}
