package dev.ambit.daemon.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("kernel")
class NetnsTest {
  @RegisterExtension final TestNetns namespaces = new TestNetns();

  /** What names the calling thread's namespace. */
  private static String here() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void work_inside_sees_the_namespace_and_the_thread_comes_back() throws Exception {
    String outside = here();
    try (Netns pod = namespaces.make()) {
      String inside = pod.inside(NetnsTest::here);
      assertThat(inside).isNotEqualTo(outside);
      assertThat(here()).isEqualTo(outside);
      assertThatThrownBy(() ->
              pod.inside(() -> {
                throw new IllegalStateException("scripted");
              }))
          .hasMessage("scripted");
      assertThat(here()).isEqualTo(outside);
      assertThat(pod.<String>onOwnThread(NetnsTest::here)).isEqualTo(inside);
    }
  }

  @Test
  void sockets_made_inside_stay_inside() throws Exception {
    try (Netns pod = namespaces.make();
        ServerSocket server = pod.onOwnThread(() -> listen(0))) {
      int port = server.getLocalPort();
      try (Socket client = pod.onOwnThread(() -> connect(port));
          Socket accepted = server.accept()) {
        client.getOutputStream().write(7);
        assertThat(accepted.getInputStream().read()).isEqualTo(7);
      }
      assertThatThrownBy(() -> connect(port)).isInstanceOf(ConnectException.class);
    }
  }

  private static ServerSocket listen(int port) throws IOException {
    return new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"));
  }

  private static Socket connect(int port) throws IOException {
    return new Socket(InetAddress.getByName("127.0.0.1"), port);
  }

  @Test
  void namespaces_nest() throws Exception {
    try (Netns one = namespaces.make();
        Netns two = namespaces.make()) {
      String outside = here();
      String inOne = one.inside(NetnsTest::here);
      String inTwo = two.inside(NetnsTest::here);
      String seen =
          one.inside(() ->
              here()
                  + two.inside(() -> here() + two.inside(NetnsTest::here))
                  + Netns.own().inside(NetnsTest::here)
                  + here());
      assertThat(seen).isEqualTo(inOne + inTwo + inTwo + outside + inOne);
      assertThat(here()).isEqualTo(outside);
    }
  }

  @Test
  void handles_of_one_namespace_are_the_same_and_live_apart() throws Exception {
    Netns one = namespaces.make();
    try (Netns two = namespaces.make();
        Netns again = Netns.open(namespaces.path(0));
        Netns copy = one.duplicate()) {
      assertThat(one.same(again)).isTrue();
      assertThat(one.same(copy)).isTrue();
      assertThat(one.same(two)).isFalse();
      one.close();
      assertThat(copy.<String>inside(NetnsTest::here)).isNotEqualTo(here());
      assertThatThrownBy(() -> one.inside(NetnsTest::here)).hasMessageContaining("closed");
    }
  }

  @Test
  void own_cannot_be_closed() {
    Netns.own().close();
    assertThat(Netns.own().<String>inside(NetnsTest::here)).isEqualTo(here());
  }

  @Test
  void a_virtual_thread_is_refused() throws Exception {
    try (Netns pod = namespaces.make()) {
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread thread =
          Thread.ofVirtual()
              .uncaughtExceptionHandler((t, e) -> thrown.set(e))
              .start(() -> pod.inside(NetnsTest::here));
      thread.join();
      assertThat(thrown.get())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("got a virtual thread");
      FutureTask<String> allowed = new FutureTask<>(() -> pod.onOwnThread(NetnsTest::here));
      Thread.ofVirtual().start(allowed);
      assertThat(allowed.get(10, TimeUnit.SECONDS)).isNotEqualTo(here());
    }
  }

  @Test
  void what_is_not_a_network_namespace_is_refused_and_closed() {
    assertThatThrownBy(() -> Netns.open(Path.of("/proc/self/ns/uts")))
        .hasMessageContaining("/proc/self/ns/uts: got something else");
    assertThatThrownBy(() -> Netns.open(Path.of("/nonexistent")))
        .hasMessageContaining("open network namespace /nonexistent: No such file or directory");
    int wrong = Libc.socket(2, 1, 0);
    assertThatThrownBy(() -> Netns.adopt(wrong))
        .hasMessageContaining("expected a network namespace");
    assertThat(Path.of("/proc/self/fd/" + wrong)).doesNotExist();
  }

  @Test
  void closing_waits_for_a_call_that_uses_the_descriptor() throws Exception {
    Netns pod = namespaces.make();
    int number = pod.descriptor();
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    FutureTask<String> work =
        new FutureTask<>(() ->
            pod.inside(() -> {
              entered.countDown();
              try {
                leave.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return here();
            }));
    Thread.ofPlatform().start(work);
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
    pod.close();
    pod.close();
    leave.countDown();
    assertThat(work.get(10, TimeUnit.SECONDS)).isNotEqualTo(here());
    assertThat(Path.of("/proc/self/fd/" + number)).doesNotExist();
  }

  @Test
  void work_on_its_own_thread_is_interrupted_with_its_caller() throws Exception {
    try (Netns pod = namespaces.make()) {
      CountDownLatch running = new CountDownLatch(1);
      CountDownLatch interrupted = new CountDownLatch(1);
      Thread caller =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  pod.onOwnThread(() -> {
                    running.countDown();
                    try {
                      new CountDownLatch(1).await();
                    } finally {
                      interrupted.countDown();
                    }
                    return "";
                  });
                } catch (Exception e) {
                  Thread.currentThread().interrupt();
                }
              });
      assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();
      caller.interrupt();
      assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
      caller.join();
    }
  }

  @Test
  void a_process_with_a_lost_thread_halts_and_says_why() throws Exception {
    try (Netns pod = namespaces.make()) {
      assertThat(pod.descriptor()).isPositive();
      Process process =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  LostThread.class.getName(),
                  namespaces.path(0).toString())
              .redirectErrorStream(true)
              .start();
      String output = new String(process.getInputStream().readAllBytes());
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(output)
          .contains("\terror\tkernel\tthread cannot leave the network namespace of a pod; halting")
          .contains("Bad file descriptor (errno 9)");
      assertThat(process.exitValue()).isEqualTo(70);
    }
  }

  @Test
  void entering_is_cheap() throws Exception {
    try (Netns pod = namespaces.make()) {
      int rounds = 20_000;
      for (int i = 0; i < rounds; i++) {
        pod.inside(() -> "");
      }
      long began = System.nanoTime();
      for (int i = 0; i < rounds; i++) {
        pod.inside(() -> "");
      }
      long nanos = (System.nanoTime() - began) / rounds;
      assertThat(nanos).isLessThan(100_000);
    }
  }
}
