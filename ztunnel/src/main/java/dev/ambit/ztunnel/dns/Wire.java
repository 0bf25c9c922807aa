package dev.ambit.ztunnel.dns;

import java.nio.ByteBuffer;

/**
 * The layout of DNS messages (RFC 1035 §4, RFC 6891 §6.1): numbers, and how to step over what is
 * not read. Stepping out of the message throws {@link Malformed}.
 */
final class Wire {
  static final int HEADER = 12;
  static final int LARGEST = 65_535;
  static final int LARGEST_DATAGRAM = 65_507;

  /** What a datagram may have when nobody said otherwise. */
  static final int SMALL = 512;

  static final int RESPONSE = 0x8000;
  static final int OPCODE = 0x7800;
  static final int AUTHORITATIVE = 0x0400;
  static final int TRUNCATED = 0x0200;
  static final int RECURSION_DESIRED = 0x0100;
  static final int RECURSION_AVAILABLE = 0x0080;
  static final int AUTHENTIC = 0x0020;
  static final int CHECKING_DISABLED = 0x0010;
  static final int CODE = 0x000f;

  static final int NO_ERROR = 0;
  static final int FORMAT_ERROR = 1;
  static final int SERVER_FAILURE = 2;
  static final int NOT_IMPLEMENTED = 4;

  static final int A = 1;
  static final int CNAME = 5;
  static final int AAAA = 28;
  static final int OPT = 41;
  static final int INTERNET = 1;

  /** A pointer to the name of the question, which directly follows the header. */
  static final int QUESTION_NAME = 0xc000 | HEADER;

  /** An OPT record without options. */
  static final int OPT_LENGTH = 11;

  static final int DNSSEC_OK = 0x8000;

  private static final int POINTER = 0xc0;

  private Wire() {}

  /** Not a DNS message. */
  static final class Malformed extends Exception {
    Malformed(String message) {
      super(message, null, false, false);
    }
  }

  /** Where the name at {@code from} ends; a pointer is its end. */
  static int afterName(byte[] message, int from) throws Malformed {
    int at = from;
    while (true) {
      int length = octet(message, at);
      if (length == 0) {
        return at + 1;
      }
      if ((length & POINTER) == POINTER) {
        octet(message, at + 1);
        return at + 2;
      }
      if ((length & POINTER) != 0) {
        throw new Malformed("name at " + from + ": got a label of type " + (length >> 6));
      }
      at += 1 + length;
    }
  }

  /**
   * A record within a message.
   *
   * @param type of the record
   * @param payload its class; of an OPT record what its sender takes
   * @param lifetime seconds; of an OPT record flags
   * @param end where the next one begins
   */
  record Entry(int type, int payload, int lifetime, int end) {
    static Entry at(byte[] message, int from) throws Malformed {
      int fixed = afterName(message, from);
      int data = fixed + 10;
      if (data > message.length) {
        throw new Malformed("record at " + from + ": got an end within its head");
      }
      int end = data + number(message, fixed + 8);
      if (end > message.length) {
        throw new Malformed("record at " + from + ": got an end within its data");
      }
      return new Entry(
          number(message, fixed),
          number(message, fixed + 2),
          ByteBuffer.wrap(message).getInt(fixed + 4),
          end);
    }
  }

  static int octet(byte[] message, int at) throws Malformed {
    if (at >= message.length) {
      throw new Malformed("got " + message.length + " bytes, expected more");
    }
    return message[at] & 0xff;
  }

  /** Two bytes that are known to be there. */
  static int number(byte[] message, int at) {
    return (message[at] & 0xff) << 8 | message[at + 1] & 0xff;
  }

  static void putOpt(ByteBuffer to, int payload, int flags) {
    to.put((byte) 0)
        .putShort((short) OPT)
        .putShort((short) payload)
        .putInt(flags)
        .putShort((short) 0);
  }
}
