package dev.ambit.ztunnel.dns;

import dev.ambit.model.dns.Resolution;
import dev.ambit.ztunnel.dns.Query.Question;
import dev.ambit.ztunnel.dns.Wire.Entry;
import dev.ambit.ztunnel.dns.Wire.Malformed;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes replies (spec: dns §6). Pure. */
final class Replies {
  /** Seconds a client may keep what the mesh said. */
  private static final int LIFETIME = 30;

  /** Type, class, lifetime and length, behind a name. */
  private static final int FIXED = 10;

  private static final int POINTER_LENGTH = 2;

  private Replies() {}

  /** A header and nothing else. */
  static byte[] bare(int id, int flags, int code) {
    return ByteBuffer.allocate(Wire.HEADER)
        .putShort((short) id)
        .putShort((short) (Wire.RESPONSE | kept(flags) | flags & Wire.OPCODE | code))
        .array();
  }

  private static int kept(int flags) {
    return flags & (Wire.RECURSION_DESIRED | Wire.CHECKING_DISABLED) | Wire.RECURSION_AVAILABLE;
  }

  /** No records, and why. */
  static byte[] failed(Question question, int code) {
    ByteBuffer reply = begun(question, Wire.HEADER + question.question().length);
    return ended(reply, question, kept(question.flags()) | code, new int[3], 0);
  }

  /** What the mesh says. */
  static byte[] local(Question question, Resolution.Answer answer, int largest) {
    byte[] alias = answer.stripped().isEmpty() ? new byte[0] : encoded(answer.stripped());
    int aliasLength = alias.length == 0 ? 0 : POINTER_LENGTH + FIXED + alias.length;
    int addressLength = POINTER_LENGTH + FIXED + (question.type() == Wire.A ? 4 : 16);
    int whole =
        Wire.HEADER
            + question.question().length
            + aliasLength
            + answer.addresses().size() * addressLength;
    int room = largest - (question.edns() == null ? 0 : Wire.OPT_LENGTH);
    ByteBuffer reply = begun(question, Math.min(room, whole));
    int[] counts = new int[3];
    int owner = Wire.QUESTION_NAME;
    if (alias.length > 0) {
      head(reply, owner, Wire.CNAME, alias.length);
      owner = 0xc000 | reply.position();
      reply.put(alias);
      counts[0]++;
    }
    for (InetAddress address : answer.addresses()) {
      if (reply.remaining() < addressLength) {
        break;
      }
      byte[] bytes = address.getAddress();
      head(reply, owner, question.type(), bytes.length);
      reply.put(bytes);
      counts[0]++;
    }
    boolean cut = whole > room;
    int flags =
        kept(question.flags()) | Wire.AUTHORITATIVE | (cut ? Wire.TRUNCATED : 0) | Wire.NO_ERROR;
    return ended(reply, question, flags, counts, 0);
  }

  private static void head(ByteBuffer to, int owner, int type, int length) {
    to.putShort((short) owner).putShort((short) type).putShort((short) Wire.INTERNET);
    to.putInt(LIFETIME).putShort((short) length);
  }

  private static byte[] encoded(String name) {
    ByteBuffer encoded = ByteBuffer.allocate(name.length() + 2);
    for (String label : name.split("\\.")) {
      encoded.put((byte) label.length()).put(label.getBytes(StandardCharsets.ISO_8859_1));
    }
    return encoded.array();
  }

  /**
   * What a name server outside said, as our own reply: as many of its records as may be sent. Names
   * in them point backward only, so the first ones of a message stay good without the others.
   *
   * @throws Malformed when it cannot be read, or does not answer the question
   */
  static byte[] forwarded(Question question, byte[] upstream, int largest) throws Malformed {
    if (!answers(question, upstream)) {
      throw new Malformed("got an answer to another question");
    }
    int flags = Wire.number(upstream, 2);
    int said = kept(question.flags()) | flags & (Wire.AUTHENTIC | Wire.TRUNCATED | Wire.CODE);
    int begin = Wire.HEADER + question.question().length;
    if (Wire.number(upstream, 4) == 0) {
      return failed(question, flags & Wire.CODE);
    }
    int room = largest - (question.edns() == null ? 0 : Wire.OPT_LENGTH);
    int[] kept = new int[3];
    int extended = 0;
    int at = begin;
    int end = begin;
    boolean whole = true;
    for (int section = 0; section < 3; section++) {
      int records = Wire.number(upstream, 6 + 2 * section);
      for (int i = 0; i < records; i++) {
        Entry entry = Entry.at(upstream, at);
        at = entry.end();
        if (entry.type() == Wire.OPT) {
          // Ours takes its place; what follows it would lose its names and is left out.
          extended = entry.lifetime() & 0xff00_0000;
          whole = false;
        } else if (whole && at <= room) {
          kept[section]++;
          end = at;
        } else {
          whole = false;
          // A client misses nothing without additional records.
          said |= section < 2 ? Wire.TRUNCATED : 0;
        }
      }
    }
    ByteBuffer reply = begun(question, end);
    reply.put(upstream, begin, end - begin);
    return ended(reply, question, said, kept, extended);
  }

  /** Whether {@code upstream} is about the question, or about none because of an error. */
  static boolean answers(Question question, byte[] upstream) {
    if (upstream.length < Wire.HEADER) {
      return false;
    }
    int flags = Wire.number(upstream, 2);
    if ((flags & Wire.RESPONSE) == 0 || (flags & Wire.OPCODE) != 0) {
      return false;
    }
    int questions = Wire.number(upstream, 4);
    if (questions == 0) {
      return (flags & Wire.CODE) != Wire.NO_ERROR;
    }
    byte[] ours = question.question();
    if (questions != 1 || upstream.length < Wire.HEADER + ours.length) {
      return false;
    }
    for (int i = 0; i < ours.length; i++) {
      if (lower(ours[i]) != lower(upstream[Wire.HEADER + i])) {
        return false;
      }
    }
    return true;
  }

  private static int lower(byte b) {
    return b >= 'A' && b <= 'Z' ? b + 32 : b;
  }

  /** A reply up to its question; the header is still to be written. */
  private static ByteBuffer begun(Question question, int length) {
    ByteBuffer reply =
        ByteBuffer.allocate(length + (question.edns() == null ? 0 : Wire.OPT_LENGTH));
    reply.limit(length).position(Wire.HEADER);
    return reply.put(question.question());
  }

  private static byte[] ended(
      ByteBuffer reply, Question question, int flags, int[] counts, int extended) {
    Query.Edns edns = question.edns();
    if (edns != null) {
      reply.limit(reply.capacity());
      Wire.putOpt(reply, edns.payload(), edns.flags() | extended);
    }
    int end = reply.position();
    reply.position(0);
    reply.putShort((short) question.id()).putShort((short) (Wire.RESPONSE | flags));
    reply.putShort((short) 1).putShort((short) counts[0]).putShort((short) counts[1]);
    reply.putShort((short) (counts[2] + (edns == null ? 0 : 1)));
    byte[] all = reply.array();
    return end == all.length ? all : java.util.Arrays.copyOf(all, end);
  }
}
