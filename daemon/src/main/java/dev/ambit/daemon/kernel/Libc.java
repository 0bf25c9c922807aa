package dev.ambit.daemon.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The C functions Ambit calls, each answering what it answers, or the negated errno. Handles are
 * constants, so that a call is compiled in place.
 */
final class Libc {
  static final int EINTR = 4;
  static final int EAGAIN = 11;
  static final int ECONNRESET = 104;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final AddressLayout TEXT =
      ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(256, ValueLayout.JAVA_BYTE));
  private static final VarHandle ERRNO =
      Linker.Option.captureStateLayout().varHandle(PathElement.groupElement("errno"));

  private static final MethodHandle OPEN = variadic("open", 2, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle CLOSE = plain("close", JAVA_INT, JAVA_INT);
  private static final MethodHandle FCNTL =
      variadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle IOCTL = variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle SETNS = plain("setns", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle SOCKET =
      plain("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND = plain("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle CONNECT =
      plain("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle LISTEN = plain("listen", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle ACCEPT4 =
      plain("accept4", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
  private static final MethodHandle SHUTDOWN = plain("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle SETSOCKOPT =
      plain("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle POLL = plain("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SEND =
      plain("send", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle RECV =
      plain("recv", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SENDMSG =
      plain("sendmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle RECVMSG =
      plain("recvmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle READ = plain("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle INOTIFY_INIT1 = plain("inotify_init1", JAVA_INT, JAVA_INT);
  private static final MethodHandle INOTIFY_ADD_WATCH =
      plain("inotify_add_watch", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle INOTIFY_RM_WATCH =
      plain("inotify_rm_watch", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle PRLIMIT =
      plain("prlimit", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle SIGNAL = plain("signal", JAVA_LONG, JAVA_INT, JAVA_LONG);
  private static final MethodHandle STRERROR =
      LINKER.downcallHandle(symbol("strerror"), FunctionDescriptor.of(TEXT, JAVA_INT));

  /** Where a thread's calls leave their errno. */
  private static final ThreadLocal<MemorySegment> STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));

  private Libc() {}

  static int open(MemorySegment path, int flags) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) OPEN.invokeExact(state, path, flags), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int close(int descriptor) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) CLOSE.invokeExact(state, descriptor), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int fcntl(int descriptor, int command, int argument) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) FCNTL.invokeExact(state, descriptor, command, argument), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int ioctl(int descriptor, long request) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) IOCTL.invokeExact(state, descriptor, request), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int setns(int descriptor, int kind) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) SETNS.invokeExact(state, descriptor, kind), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int socket(int family, int type, int protocol) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) SOCKET.invokeExact(state, family, type, protocol), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int bind(int descriptor, MemorySegment address) {
    try {
      MemorySegment state = STATE.get();
      int size = (int) address.byteSize();
      return answer((int) BIND.invokeExact(state, descriptor, address, size), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int connect(int descriptor, MemorySegment address) {
    try {
      MemorySegment state = STATE.get();
      int size = (int) address.byteSize();
      return answer((int) CONNECT.invokeExact(state, descriptor, address, size), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int listen(int descriptor, int backlog) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) LISTEN.invokeExact(state, descriptor, backlog), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int accept4(int descriptor, int flags) {
    try {
      MemorySegment state = STATE.get();
      MemorySegment none = MemorySegment.NULL;
      return answer((int) ACCEPT4.invokeExact(state, descriptor, none, none, flags), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int shutdown(int descriptor, int how) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) SHUTDOWN.invokeExact(state, descriptor, how), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int setsockopt(int descriptor, int level, int name, MemorySegment value) {
    try {
      MemorySegment state = STATE.get();
      int size = (int) value.byteSize();
      return answer(
          (int) SETSOCKOPT.invokeExact(state, descriptor, level, name, value, size), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int poll(MemorySegment what, int timeoutMillis) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) POLL.invokeExact(state, what, 1L, timeoutMillis), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int send(int descriptor, MemorySegment bytes, int flags) {
    try {
      MemorySegment state = STATE.get();
      return answer(
          (long) SEND.invokeExact(state, descriptor, bytes, bytes.byteSize(), flags), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int recv(int descriptor, MemorySegment bytes, int flags) {
    try {
      MemorySegment state = STATE.get();
      return answer(
          (long) RECV.invokeExact(state, descriptor, bytes, bytes.byteSize(), flags), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int sendmsg(int descriptor, MemorySegment message, int flags) {
    try {
      MemorySegment state = STATE.get();
      return answer((long) SENDMSG.invokeExact(state, descriptor, message, flags), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int recvmsg(int descriptor, MemorySegment message, int flags) {
    try {
      MemorySegment state = STATE.get();
      return answer((long) RECVMSG.invokeExact(state, descriptor, message, flags), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int read(int descriptor, MemorySegment bytes) {
    try {
      MemorySegment state = STATE.get();
      return answer((long) READ.invokeExact(state, descriptor, bytes, bytes.byteSize()), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int inotifyInit(int flags) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) INOTIFY_INIT1.invokeExact(state, flags), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int inotifyAddWatch(int descriptor, MemorySegment path, int events) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) INOTIFY_ADD_WATCH.invokeExact(state, descriptor, path, events), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int inotifyRemoveWatch(int descriptor, int watch) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) INOTIFY_RM_WATCH.invokeExact(state, descriptor, watch), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int prlimit(int resource, MemorySegment next, MemorySegment previous) {
    try {
      MemorySegment state = STATE.get();
      return answer((int) PRLIMIT.invokeExact(state, 0, resource, next, previous), state);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  static int signal(int number, long handler) {
    try {
      MemorySegment state = STATE.get();
      // Answers the handler before, an address; only -1 is an error.
      long before = (long) SIGNAL.invokeExact(state, number, handler);
      return before == -1 ? answer(before, state) : 0;
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /** {@code what}: what was tried, with its object. */
  static IOException failure(String what, int answer) {
    return new IOException(what + ": " + words(-answer) + " (errno " + -answer + ")");
  }

  private static String words(int errno) {
    try {
      return ((MemorySegment) STRERROR.invokeExact(errno)).getString(0);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  private static int answer(long result, MemorySegment state) {
    return result < 0 ? -(int) ERRNO.get(state, 0L) : (int) result;
  }

  private static AssertionError broken(Throwable e) {
    return new AssertionError("native call", e);
  }

  private static MemorySegment symbol(String name) {
    return LINKER.defaultLookup().findOrThrow(name);
  }

  private static MethodHandle plain(String name, ValueLayout answer, ValueLayout... arguments) {
    return LINKER.downcallHandle(
        symbol(name),
        FunctionDescriptor.of(answer, arguments),
        Linker.Option.captureCallState("errno"));
  }

  private static MethodHandle variadic(
      String name, int fixed, ValueLayout answer, ValueLayout... arguments) {
    return LINKER.downcallHandle(
        symbol(name),
        FunctionDescriptor.of(answer, arguments),
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(fixed));
  }
}
