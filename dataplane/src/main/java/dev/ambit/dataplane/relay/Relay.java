package dev.ambit.dataplane.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Joins two legs until both directions have ended (spec: hbone §9). Memory is bounded by one batch
 * and one write watermark each way: a side is asked for more only while the other takes it. Half
 * closes pass through; a side that vanished ends the other in order; a broken side breaks the
 * other. Confined to the event loop of both legs.
 */
public final class Relay {
  /** What the owner of a relay learns. */
  public interface Listener {
    /** Bytes came from the near leg. */
    void fromNear(int bytes);

    /** Bytes came from the far leg. */
    void fromFar(int bytes);

    /** The end, once. {@code cause} is null unless something broke. */
    void ended(@Nullable Throwable cause);
  }

  private final Side near;
  private final Side far;
  private final EventLoop loop;
  private final Duration halfOpenLimit;
  private final Listener listener;
  private @Nullable Future<?> idleCheck;
  private long moved;
  private long movedAtCheck;
  private boolean ended;

  private Relay(
      Leg nearLeg, Leg farLeg, EventLoop loop, Duration halfOpenLimit, Listener listener) {
    this.loop = loop;
    this.halfOpenLimit = halfOpenLimit;
    this.listener = listener;
    this.near = new Side(nearLeg, true);
    this.far = new Side(farLeg, false);
    this.near.other = far;
    this.far.other = near;
  }

  /**
   * Starts moving bytes; the relay owns both legs from here.
   *
   * @param halfOpenLimit how long a connection with one direction closed may stand still
   */
  public static Relay join(
      Leg near, Leg far, EventLoop loop, Duration halfOpenLimit, Listener listener) {
    assert loop.inEventLoop() : "joined off its loop";
    Relay relay = new Relay(near, far, loop, halfOpenLimit, listener);
    near.start(relay.near);
    far.start(relay.far);
    relay.near.ask();
    relay.far.ask();
    return relay;
  }

  /** Ends both sides now, in order: FIN and RST_STREAM CANCEL. The cause is for the listener. */
  public void cut(@Nullable Throwable cause) {
    if (!ended) {
      near.leg.abort();
      far.leg.abort();
      end(cause);
    }
  }

  private void end(@Nullable Throwable cause) {
    if (ended) {
      return;
    }
    ended = true;
    if (idleCheck != null) {
      idleCheck.cancel(false);
    }
    listener.ended(cause);
  }

  private void directionDone() {
    if (ended) {
      return;
    }
    if (near.done && far.done) {
      near.leg.close();
      far.leg.close();
      end(null);
    } else {
      watchHalfOpen();
    }
  }

  private void watchHalfOpen() {
    if (idleCheck == null) {
      movedAtCheck = moved;
      idleCheck = loop.schedule(this::checkHalfOpen, halfOpenLimit.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private void checkHalfOpen() {
    idleCheck = null;
    if (ended) {
      return;
    }
    if (moved == movedAtCheck) {
      cut(new HalfOpen(halfOpenLimit));
    } else {
      watchHalfOpen();
    }
  }

  /** One direction was closed and the other stood still for too long. */
  public static final class HalfOpen extends RuntimeException {
    HalfOpen(Duration limit) {
      super("half closed and idle for " + limit.toSeconds() + " s", null, false, false);
    }
  }

  /** What happens on {@code leg}, and what that means for the other side. */
  private final class Side implements Leg.Receiver {
    private final Leg leg;
    private final boolean isNear;
    private Side other = this;

    /** Everything from this leg has reached the other, or never will. */
    private boolean done;

    /** The peer of this leg takes and sends nothing more. */
    private boolean gone;

    private boolean asked;

    private Side(Leg leg, boolean isNear) {
      this.leg = leg;
      this.isNear = isNear;
    }

    private void ask() {
      if (!ended && !asked && !done && !gone && other.leg.writable()) {
        asked = true;
        leg.read();
      }
    }

    @Override
    public void onBytes(ByteBuf bytes) {
      if (ended || other.gone) {
        bytes.release();
        return;
      }
      int count = bytes.readableBytes();
      moved += count;
      if (isNear) {
        listener.fromNear(count);
      } else {
        listener.fromFar(count);
      }
      other.leg.write(bytes);
    }

    @Override
    public void onBatchEnd() {
      asked = false;
      if (!ended) {
        other.leg.flush();
        ask();
      }
    }

    @Override
    public void onWritable() {
      other.ask();
    }

    @Override
    public void onFinish() {
      if (!ended && !gone) {
        watchHalfOpen();
        other.leg.finish();
      }
    }

    @Override
    public void onFinished() {
      // The half of this leg that carries what the other side sent.
      if (!ended && !other.done) {
        other.done = true;
        directionDone();
      }
    }

    @Override
    public void onGone() {
      if (ended || gone) {
        return;
      }
      gone = true;
      if (other.gone) {
        end(null);
        return;
      }
      // Nothing can be delivered to this side: what the other still sends is dropped with it.
      other.done = true;
      watchHalfOpen();
      other.leg.close();
    }

    @Override
    public void onBroken(Throwable cause) {
      if (!ended) {
        leg.abort();
        other.leg.reset();
        end(cause);
      }
    }
  }
}
