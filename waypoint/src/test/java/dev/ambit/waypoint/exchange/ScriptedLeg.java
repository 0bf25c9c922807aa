package dev.ambit.waypoint.exchange;

import dev.ambit.dataplane.relay.Leg;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A leg that remembers what it was told. */
final class ScriptedLeg implements Leg {
  final List<String> told = new ArrayList<>();
  @Nullable Receiver receiver;

  void sends(String text) {
    if (receiver != null) {
      receiver.onBytes(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
      receiver.onBatchEnd();
    }
  }

  void ends() {
    if (receiver != null) {
      receiver.onFinish();
    }
  }

  @Override
  public void start(Receiver to) {
    receiver = to;
  }

  @Override
  public void read() {}

  @Override
  public void write(ByteBuf bytes) {
    told.add("write " + bytes.toString(StandardCharsets.US_ASCII));
    bytes.release();
  }

  @Override
  public void flush() {}

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public void finish() {
    told.add("finish");
    if (receiver != null) {
      receiver.onFinished();
    }
  }

  @Override
  public void close() {
    told.add("close");
  }

  @Override
  public void abort() {
    told.add("abort");
  }

  @Override
  public void reset() {
    told.add("reset");
  }
}
