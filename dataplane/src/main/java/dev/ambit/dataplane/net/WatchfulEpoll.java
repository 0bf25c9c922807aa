package dev.ambit.dataplane.net;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;

/**
 * Epoll that never takes its eyes off a socket. Netty 4.2.18 removes a descriptor from the epoll
 * set when it wants no event from it, as it does once the peer has half-closed, yet goes on as if
 * the descriptor were still in: the next wish (to write, or to accept again) fails with ENOENT and
 * breaks the connection, and a reset is not noticed at all. Here such a socket stays in the set for
 * errors only, and an error then closes it.
 */
final class WatchfulEpoll implements IoHandler {
  private static final EpollIoOps HANG_UP = EpollIoOps.valueOf(0x10);

  private final IoHandler epoll;

  private WatchfulEpoll(IoHandler epoll) {
    this.epoll = epoll;
  }

  static IoHandlerFactory newFactory() {
    IoHandlerFactory inner = EpollIoHandler.newFactory();
    return executor -> new WatchfulEpoll(inner.newHandler(executor));
  }

  @Override
  public void initialize() {
    epoll.initialize();
  }

  @Override
  public int run(IoHandlerContext context) {
    return epoll.run(context);
  }

  @Override
  public void prepareToDestroy() {
    epoll.prepareToDestroy();
  }

  @Override
  public void destroy() {
    epoll.destroy();
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    Watched watched = new Watched((EpollIoHandle) handle);
    watched.registration = epoll.register(watched);
    return watched;
  }

  @Override
  public void wakeup() {
    epoll.wakeup();
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> handleType) {
    return epoll.isCompatible(handleType);
  }

  /** Stands between one channel and its place in the epoll set. */
  private static final class Watched implements EpollIoHandle, IoRegistration {
    private final EpollIoHandle channel;
    private IoRegistration registration = this;
    private boolean errorsOnly;

    private Watched(EpollIoHandle channel) {
      this.channel = channel;
    }

    @Override
    public long submit(IoOps ops) {
      errorsOnly = ops.equals(EpollIoOps.NONE);
      return registration.submit(errorsOnly ? EpollIoOps.EPOLLERR : ops);
    }

    @Override
    public void handle(IoRegistration inner, IoEvent event) {
      if (!errorsOnly) {
        channel.handle(this, event);
      } else if (isDead(((EpollIoEvent) event).ops())) {
        // It would be reported again and again.
        close();
      }
      // Anything else was wanted when the kernel was asked, and is not any more.
    }

    private static boolean isDead(EpollIoOps happened) {
      return happened.contains(EpollIoOps.EPOLLERR) || happened.contains(HANG_UP);
    }

    @Override
    public FileDescriptor fd() {
      return channel.fd();
    }

    @Override
    public void registered() {
      channel.registered();
    }

    @Override
    public void unregistered() {
      channel.unregistered();
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (Exception unexpected) {
        throw new IllegalStateException("close of descriptor " + channel.fd(), unexpected);
      }
    }

    @Override
    public <T> T attachment() {
      return registration.attachment();
    }

    @Override
    public boolean isValid() {
      return registration.isValid();
    }

    @Override
    public boolean cancel() {
      return registration.cancel();
    }
  }
}
