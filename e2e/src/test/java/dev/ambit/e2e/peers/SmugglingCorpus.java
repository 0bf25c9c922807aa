package dev.ambit.e2e.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Requests that proxies are known to read differently (threat-model SEC-071, SEC-073). Each hides
 * {@code GET /@@@/x} where one reading sees a body and another the next request, and ends with
 * {@code GET /@@@/z}; {@code @@@} is the number of the case.
 */
final class SmugglingCorpus {
  private static final String HOST = "Host: h.test\r\n";
  private static final String HIDDEN = "GET /@@@/x HTTP/1.1\r\nHost: h.test\r\n\r\n";
  private static final String LAST =
      "GET /@@@/z HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n";
  private static final String POST = "POST /@@@/a HTTP/1.1\r\n";

  /** Ways to say, or almost to say, that a body is chunked. */
  private static final List<String> CODINGS =
      List.of(
          "Transfer-Encoding: chunked\r\n",
          "Transfer-Encoding: Chunked\r\n",
          "Transfer-Encoding:chunked\r\n",
          "Transfer-Encoding:\tchunked\r\n",
          "Transfer-Encoding: chunked \r\n",
          "Transfer-Encoding: chunked\t\r\n",
          "Transfer-Encoding:  chunked\r\n",
          "Transfer-Encoding : chunked\r\n",
          "Transfer-Encoding\t: chunked\r\n",
          " Transfer-Encoding: chunked\r\n",
          "X: y\r\n Transfer-Encoding: chunked\r\n",
          "X: y\nTransfer-Encoding: chunked\r\n",
          "X: y\rTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding:\r\n chunked\r\n",
          "Transfer-Encoding: \u000bchunked\r\n",
          "Transfer-Encoding: \u0000chunked\r\n",
          "Transfer-Encoding: chunked\u0000\r\n",
          "Transfer-Encoding: \u00a0chunked\r\n",
          "Transfer-Encoding: \"chunked\"\r\n",
          "Transfer-Encoding: xchunked\r\n",
          "Transfer-Encoding: chunkedx\r\n",
          "Transfer-Encoding: chunked;q=1\r\n",
          "Transfer-Encoding: chunked;\r\n",
          "Transfer-Encoding: chunked,\r\n",
          "Transfer-Encoding: ,chunked\r\n",
          "Transfer-Encoding: chunked, chunked\r\n",
          "Transfer-Encoding: chunked, identity\r\n",
          "Transfer-Encoding: identity, chunked\r\n",
          "Transfer-Encoding: identity\r\n",
          "Transfer-Encoding: gzip, chunked\r\n",
          "Transfer-Encoding: gzip\r\n",
          "Transfer-Encoding: \r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
          "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
          "Transfer_Encoding: chunked\r\n",
          "Transfer-Encoding\u00ad: chunked\r\n",
          "TRANSFER-ENCODING: CHUNKED\r\n");

  /** Ways to say, or almost to say, a length of {@code N}. */
  private static final List<String> LENGTHS =
      List.of(
          "Content-Length: +N\r\n",
          "Content-Length: -N\r\n",
          "Content-Length: 0N\r\n",
          "Content-Length: 0xN\r\n",
          "Content-Length: N.0\r\n",
          "Content-Length: N;\r\n",
          "Content-Length: N,\r\n",
          "Content-Length: ,N\r\n",
          "Content-Length: N, N\r\n",
          "Content-Length: N, 0\r\n",
          "Content-Length: 0, N\r\n",
          "Content-Length: N N\r\n",
          "Content-Length: N 0\r\n",
          "Content-Length: \u000bN\r\n",
          "Content-Length: N\u0000\r\n",
          "Content-Length: \"N\"\r\n",
          "Content-Length:N\r\n",
          "Content-Length:\tN\t\r\n",
          "Content-Length : N\r\n",
          "Content-Length\t: N\r\n",
          " Content-Length: N\r\n",
          "Content-Length:\r\n N\r\n",
          "Content-Length: 1\r\n N\r\n",
          "X: y\nContent-Length: N\r\n",
          "X: y\rContent-Length: N\r\n",
          "Content-Length: N\r\nContent-Length: N\r\n",
          "Content-Length: N\r\nContent-Length: 0\r\n",
          "Content-Length: 0\r\nContent-Length: N\r\n",
          "Content-Length: 0\r\ncontent-length: N\r\n",
          "Content-Length: \r\nContent-Length: N\r\n",
          "Content-Length: 18446744073709551616\r\n",
          "Content-Length: 9223372036854775808\r\n",
          "Content-Length: 4294967296\r\n",
          "Content_Length: N\r\n",
          "Content-Length: N\r\nConnection: content-length\r\n");

  /** Chunked bodies that are not quite, of a request that says no length. */
  private static final List<String> CHUNKS =
      List.of(
          "1\r\na\r\n0\r\n\r\n",
          "001\r\na\r\n000\r\n\r\n",
          "00000000000000000000001\r\na\r\n0\r\n\r\n",
          "0x1\r\na\r\n0\r\n\r\n",
          "+1\r\na\r\n0\r\n\r\n",
          "-1\r\na\r\n0\r\n\r\n",
          " 1\r\na\r\n0\r\n\r\n",
          "1 \r\na\r\n0\r\n\r\n",
          "1\t\r\na\r\n0\r\n\r\n",
          "1;\r\na\r\n0\r\n\r\n",
          "1;a=b\r\na\r\n0\r\n\r\n",
          "1;a=\"b\"\r\na\r\n0\r\n\r\n",
          "1;a=\"\r\nb\"\r\na\r\n0\r\n\r\n",
          "1;a=b\nX\r\na\r\n0\r\n\r\n",
          "1;a=b\rX\r\na\r\n0\r\n\r\n",
          "1 ; a\r\na\r\n0\r\n\r\n",
          "1\u0000\r\na\r\n0\r\n\r\n",
          "1x\r\na\r\n0\r\n\r\n",
          "1,1\r\na\r\n0\r\n\r\n",
          "\r\n1\r\na\r\n0\r\n\r\n",
          "1\na\n0\n\n",
          "1\na\r\n0\r\n\r\n",
          "1\r\na\n0\r\n\r\n",
          "1\ra\r\n0\r\n\r\n",
          "1\r\na0\r\n\r\n",
          "1\r\nab\r\n0\r\n\r\n",
          "2\r\na\r\n0\r\n\r\n",
          "1\r\na\r\r\n0\r\n\r\n",
          "1\r\na\r\n0\r\n\n",
          "1\r\na\r\n0\n\r\n",
          "1\r\na\r\n\r\n",
          "1\r\na\r\n0\r\nX: y\r\n\r\n",
          "1\r\na\r\n0\r\nX : y\r\n\r\n",
          "1\r\na\r\n0\r\n X: y\r\n\r\n",
          "1\r\na\r\n0\r\nno colon\r\n\r\n",
          "1\r\na\r\n0\r\nContent-Length: 40\r\n\r\n",
          "1\r\na\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
          "1\r\na\r\n0\r\nHost: other\r\n\r\n",
          "1\r\na\r\n0;a=b\r\n\r\n",
          "1\r\na\r\n0 \r\n\r\n",
          "10000000000000001\r\na\r\n0\r\n\r\n",
          "100000001\r\na\r\n0\r\n\r\n",
          "fffffffffffffff1\r\na\r\n0\r\n\r\n");

  /** Whole heads, up to where their last line and the empty one would follow. */
  private static final List<String> HEADS =
      List.of(
          "GET  /@@@/a HTTP/1.1\r\n" + HOST,
          "GET /@@@/a  HTTP/1.1\r\n" + HOST,
          "GET\t/@@@/a\tHTTP/1.1\r\n" + HOST,
          " GET /@@@/a HTTP/1.1\r\n" + HOST,
          "\r\nGET /@@@/a HTTP/1.1\r\n" + HOST,
          "\r\n\r\n\r\nGET /@@@/a HTTP/1.1\r\n" + HOST,
          "\nGET /@@@/a HTTP/1.1\r\n" + HOST,
          "GET /@@@/a HTTP/1.1 \r\n" + HOST,
          "GET /@@@/a HTTP/1.1\n" + HOST,
          "GET /@@@/a HTTP/1.1\r" + HOST,
          "GET /@@@/a\r\n" + HOST,
          "GET /@@@/a HTTP/1.2\r\n" + HOST,
          "GET /@@@/a HTTP/1.10\r\n" + HOST,
          "GET /@@@/a HTTP/01.1\r\n" + HOST,
          "GET /@@@/a HTTP/2.0\r\n" + HOST,
          "GET /@@@/a http/1.1\r\n" + HOST,
          "GET /@@@/a HTTP /1.1\r\n" + HOST,
          "GET /@@@/a X HTTP/1.1\r\n" + HOST,
          "GET /@@@/a b HTTP/1.1\r\n" + HOST,
          "GET /@@@/a\u0000b HTTP/1.1\r\n" + HOST,
          "GET /@@@/a\u000bb HTTP/1.1\r\n" + HOST,
          "GET /@@@/a\u00e9 HTTP/1.1\r\n" + HOST,
          "GET /@@@/a#f HTTP/1.1\r\n" + HOST,
          "GET /@@@/a\\b HTTP/1.1\r\n" + HOST,
          "GET @@@/a HTTP/1.1\r\n" + HOST,
          "GET * HTTP/1.1\r\n" + HOST,
          "GET http://h.test/@@@/a HTTP/1.1\r\n" + HOST,
          "GET http://other/@@@/a HTTP/1.1\r\n" + HOST,
          "GET http://h.test@other/@@@/a HTTP/1.1\r\n" + HOST,
          "GET //other/@@@/a HTTP/1.1\r\n" + HOST,
          "G@T /@@@/a HTTP/1.1\r\n" + HOST,
          "G\u0000T /@@@/a HTTP/1.1\r\n" + HOST,
          "get /@@@/a HTTP/1.1\r\n" + HOST,
          "GET /@@@/a HTTP/1.1\r\n",
          "GET /@@@/a HTTP/1.1\r\nHost: h.test\r\nHost: h.test\r\n",
          "GET /@@@/a HTTP/1.1\r\nHost: h.test\r\nHost: other\r\n",
          "GET /@@@/a HTTP/1.1\r\nHost: other\r\n" + HOST,
          "GET /@@@/a HTTP/1.1\r\nHost:\r\n",
          "GET /@@@/a HTTP/1.1\r\nHost: h.test other\r\n",
          "GET /@@@/a HTTP/1.1\r\nHost: h.test, other\r\n",
          "GET /@@@/a HTTP/1.1\r\nHost: h.test/other\r\n",
          "GET /@@@/a HTTP/1.1\r\nHost: other@h.test\r\n",
          "GET /@@@/a HTTP/1.1\r\nHost: h.test:80x\r\n",
          "GET /@@@/a HTTP/1.1\r\nHost : h.test\r\n",
          "GET /@@@/a HTTP/1.1\r\n Host: other\r\n" + HOST,
          "GET /@@@/a HTTP/1.1\r\nHost: h.test\r\n other\r\n",
          "GET /@@@/a HTTP/1.1\r\n" + HOST + "X Y: z\r\n",
          "GET /@@@/a HTTP/1.1\r\n" + HOST + "X\u0000: z\r\n",
          "GET /@@@/a HTTP/1.1\r\n" + HOST + "X: a\u0000b\r\n",
          "GET /@@@/a HTTP/1.1\r\n" + HOST + "X: a\rb\r\n",
          "GET /@@@/a HTTP/1.1\r\n" + HOST + "no colon\r\n",
          "GET /@@@/a HTTP/1.1\r\n" + HOST + ": empty\r\n",
          "GET /@@@/a HTTP/1.1\r\n" + HOST + "X: y\r\r\n",
          "GET /@@@/a HTTP/1.1\r\n" + HOST + "\rX: y\r\n",
          "GET /@@@/a HTTP/1.1\r\n" + HOST + "Connection: Host\r\n",
          "GET /@@@/a HTTP/1.1\r\n" + HOST + "Expect: 100-continue\r\nContent-Length: 0\r\n",
          "GET /@@@/a HTTP/1.1\r\n" + HOST + "Upgrade: h2c\r\nConnection: Upgrade\r\n",
          "GET /@@@/a HTTP/1.0\r\n" + HOST + "Connection: keep-alive\r\n");

  private SmugglingCorpus() {}

  /** All cases by what they are. */
  static List<Map.Entry<String, String>> cases() {
    List<Map.Entry<String, String>> all = new ArrayList<>();
    for (String coding : CODINGS) {
      String chunked = Integer.toHexString(HIDDEN.length()) + "\r\n" + HIDDEN + "\r\n0\r\n\r\n";
      String empty = "0\r\n\r\n" + HIDDEN;
      add(all, "CL.TE " + coding, POST + HOST + length(empty) + coding + "\r\n" + empty);
      add(all, "TE.CL " + coding, POST + HOST + coding + "Content-Length: 4\r\n\r\n" + chunked);
      add(all, "TE alone " + coding, POST + HOST + coding + "\r\n" + chunked);
      add(
          all,
          "TE of 1.0 " + coding,
          "POST /@@@/a HTTP/1.0\r\nConnection: keep-alive\r\n" + HOST + coding + "\r\n" + chunked);
    }
    for (String length : LENGTHS) {
      String said = length.replace("N", Integer.toString(HIDDEN.length()));
      add(all, "CL " + length, POST + HOST + said + "\r\n" + HIDDEN);
      add(all, "GET with CL " + length, "GET /@@@/a HTTP/1.1\r\n" + HOST + said + "\r\n" + HIDDEN);
    }
    for (String body : CHUNKS) {
      add(all, "chunks " + body, POST + HOST + "Transfer-Encoding: chunked\r\n\r\n" + body);
    }
    for (String head : HEADS) {
      add(all, "head " + head, head + "\r\n");
    }
    return all;
  }

  private static String length(String body) {
    return "Content-Length: " + body.length() + "\r\n";
  }

  private static void add(List<Map.Entry<String, String>> all, String name, String bytes) {
    String number = "%03d".formatted(all.size());
    all.add(Map.entry(number + " " + printable(name), (bytes + LAST).replace("@@@", number)));
  }

  private static String printable(String text) {
    StringBuilder printable = new StringBuilder();
    for (char c : text.toCharArray()) {
      printable.append(
          switch (c) {
            case '\r' -> "\\r";
            case '\n' -> "\\n";
            case '\t' -> "\\t";
            default -> c < ' ' || c > '~' ? "\\x%02x".formatted((int) c) : Character.toString(c);
          });
    }
    return printable.toString();
  }
}
