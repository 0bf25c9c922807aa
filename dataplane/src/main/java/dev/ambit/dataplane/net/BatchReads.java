package dev.ambit.dataplane.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * How much one {@code read()} of a channel brings: a batch of a few reads, then nothing until asked
 * again, whether or not the channel reads by itself. Buffers start small and grow while they come
 * back full, so that an idle connection holds none and a busy one costs few system calls. After the
 * peer's FIN the native transports read all that is left at once: at most the kernel's receive
 * buffer.
 */
public final class BatchReads implements RecvByteBufAllocator {
  /** For streams of a tunnel: what one turn of its connection brought. */
  public static final BatchReads FRAMES = new BatchReads(1, 64);

  private static final int FIRST = 2 * 1024;

  private final int mostBytes;
  private final int mostReads;

  /**
   * @param mostBytes the largest single read
   * @param mostReads reads in a batch
   */
  public BatchReads(int mostBytes, int mostReads) {
    this.mostBytes = mostBytes;
    this.mostReads = mostReads;
  }

  @Override
  public ExtendedHandle newHandle() {
    return new Batch();
  }

  private final class Batch implements ExtendedHandle {
    private int size = FIRST;
    private int smallBatches;
    private int attempted;
    private int last;
    private int messages;
    private long total;

    @Override
    public ByteBuf allocate(ByteBufAllocator alloc) {
      return alloc.ioBuffer(size);
    }

    @Override
    public int guess() {
      return size;
    }

    @Override
    public void reset(ChannelConfig config) {
      reset();
    }

    @Override
    public void incMessagesRead(int amount) {
      messages += amount;
    }

    @Override
    public void lastBytesRead(int bytes) {
      last = bytes;
      if (bytes > 0) {
        total += bytes;
        if (bytes == attempted && size < mostBytes) {
          size = Math.min(mostBytes, size * 4);
        }
      }
    }

    @Override
    public int lastBytesRead() {
      return last;
    }

    @Override
    public void attemptedBytesRead(int bytes) {
      attempted = bytes;
    }

    @Override
    public int attemptedBytesRead() {
      return attempted;
    }

    @Override
    public boolean continueReading() {
      return continueReading(() -> attempted == last);
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
      return messages < mostReads && total > 0 && maybeMore.get();
    }

    @Override
    public void readComplete() {
      // Two small batches in a row before shrinking: one short read ends every burst.
      if (total > size / 4 || size == FIRST) {
        smallBatches = 0;
      } else if (++smallBatches == 2) {
        smallBatches = 0;
        size = Math.max(FIRST, size / 4);
      }
      // Stream channels do not reset between batches.
      reset();
    }

    private void reset() {
      messages = 0;
      total = 0;
    }
  }
}
