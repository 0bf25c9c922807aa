package dev.ambit.model.policy;

import dev.ambit.model.workload.Cidr;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * A set of address blocks, searched in logarithmic time without allocating. Blocks either nest or
 * are apart, so the outer ones, sorted by their first address, answer for all.
 */
final class IpRanges {
  private final byte[][] four;
  private final int[] fourLengths;
  private final byte[][] six;
  private final int[] sixLengths;

  private IpRanges(List<Cidr> outer) {
    List<Cidr> fours = outer.stream().filter(block -> width(block) == 4).toList();
    List<Cidr> sixes = outer.stream().filter(block -> width(block) == 16).toList();
    four = starts(fours);
    fourLengths = lengths(fours);
    six = starts(sixes);
    sixLengths = lengths(sixes);
  }

  static IpRanges of(List<Cidr> blocks) {
    List<Cidr> sorted = new ArrayList<>(blocks);
    sorted.sort(
        Comparator.<Cidr>comparingInt(IpRanges::width)
            .thenComparing(IpRanges::start, Arrays::compareUnsigned)
            .thenComparingInt(Cidr::prefixLength));
    List<Cidr> outer = new ArrayList<>();
    for (Cidr block : sorted) {
      if (outer.isEmpty() || !outer.getLast().contains(block.address())) {
        outer.add(block);
      }
    }
    return new IpRanges(outer);
  }

  boolean contain(byte[] ip) {
    byte[][] starts = ip.length == 4 ? four : six;
    int at = Arrays.binarySearch(starts, ip, Arrays::compareUnsigned);
    if (at >= 0) {
      return true;
    }
    int before = -at - 2;
    int[] lengths = ip.length == 4 ? fourLengths : sixLengths;
    return before >= 0 && shareBits(starts[before], ip, lengths[before]);
  }

  private static boolean shareBits(byte[] one, byte[] other, int bits) {
    int whole = bits / 8;
    if (Arrays.mismatch(one, 0, whole, other, 0, whole) >= 0) {
      return false;
    }
    int rest = bits % 8;
    return rest == 0 || ((one[whole] ^ other[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
  }

  private static int width(Cidr block) {
    return block.address().getAddress().length;
  }

  /** The first address: host bits may be set in what people write. */
  private static byte[] start(Cidr block) {
    byte[] bytes = block.address().getAddress();
    for (int bit = block.prefixLength(); bit < bytes.length * 8; bit++) {
      bytes[bit / 8] &= (byte) ~(0x80 >>> (bit % 8));
    }
    return bytes;
  }

  private static byte[][] starts(List<Cidr> blocks) {
    return blocks.stream().map(IpRanges::start).toArray(byte[][]::new);
  }

  private static int[] lengths(List<Cidr> blocks) {
    return blocks.stream().mapToInt(Cidr::prefixLength).toArray();
  }
}
