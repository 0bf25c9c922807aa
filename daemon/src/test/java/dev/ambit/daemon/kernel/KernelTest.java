package dev.ambit.daemon.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.ambit.daemon.kernel.Kernel.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("kernel")
class KernelTest {
  @RegisterExtension final TestNetns namespaces = new TestNetns();

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void established_connections_are_listed_from_both_ends(String ip) throws Exception {
    InetAddress loopback = InetAddress.getByName(ip);
    try (Netns pod = namespaces.make();
        ServerSocket server = pod.onOwnThread(() -> new ServerSocket(0, 1, loopback));
        Socket client = pod.onOwnThread(() -> new Socket(loopback, server.getLocalPort()))) {
      InetSocketAddress serverSide = new InetSocketAddress(loopback, server.getLocalPort());
      InetSocketAddress clientSide = new InetSocketAddress(loopback, client.getLocalPort());

      List<TcpSocket> sockets = Kernel.establishedTcp(pod);

      assertThat(sockets).hasSize(2);
      assertThat(sockets)
          .extracting(TcpSocket::local, TcpSocket::remote)
          .containsExactlyInAnyOrder(tuple(serverSide, clientSide), tuple(clientSide, serverSide));
      assertThat(sockets).extracting(TcpSocket::mark).containsOnly(0);
      // The server's end is not accepted yet: it has no inode.
      assertThat(sockets)
          .filteredOn(socket -> socket.local().equals(clientSide))
          .extracting(TcpSocket::inode)
          .allMatch(inode -> inode > 0);
    }
    assertThat(Kernel.establishedTcp(Netns.own())).noneMatch(socket -> socket.mark() == 0x539);
  }

  @Test
  void marks_are_seen() throws Exception {
    try (Netns pod = namespaces.make();
        ServerSocket server =
            pod.onOwnThread(() -> new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1")))) {
      int socket = pod.onOwnThread(() -> connectMarked(server.getLocalPort(), 1337));
      assertThat(Kernel.establishedTcp(pod))
          .filteredOn(found -> found.remote().getPort() == server.getLocalPort())
          .extracting(TcpSocket::mark)
          .containsExactly(1337);
      Kernel.close(socket);
    }
  }

  private static int connectMarked(int port, int mark) throws Exception {
    int socket = Libc.socket(2, 1, 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, mark);
      assertThat(Libc.setsockopt(socket, 1, 36, value)).isZero();
      ByteBuffer address = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
      address.putShort((short) 2).put((byte) (port >> 8)).put((byte) port);
      address.put(new byte[] {127, 0, 0, 1});
      MemorySegment destination = arena.allocateFrom(ValueLayout.JAVA_BYTE, address.array());
      assertThat(Libc.connect(socket, destination)).isZero();
    }
    return socket;
  }

  @Test
  void many_connections_fill_more_than_one_answer() throws Exception {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    try (Netns pod = namespaces.make();
        ServerSocket server = pod.onOwnThread(() -> new ServerSocket(0, 1000, loopback))) {
      List<Socket> clients =
          pod.onOwnThread(() -> {
            List<Socket> made = new ArrayList<>();
            for (int i = 0; i < 800; i++) {
              made.add(new Socket(loopback, server.getLocalPort()));
            }
            return made;
          });
      assertThat(Kernel.establishedTcp(pod)).hasSize(1600).doesNotHaveDuplicates();
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  @Test
  void sysctls_are_those_of_the_namespace() throws Exception {
    try (Netns pod = namespaces.make()) {
      String outside = Kernel.sysctl(Netns.own(), "net.ipv4.ip_default_ttl");
      Kernel.sysctl(pod, "net.ipv4.ip_default_ttl", "77");

      assertThat(Kernel.sysctl(pod, "net.ipv4.ip_default_ttl")).isEqualTo("77");
      assertThat(Kernel.sysctl(pod, "net/ipv4/conf/lo/forwarding")).isEqualTo("0");
      assertThat(Kernel.sysctl(Netns.own(), "net.ipv4.ip_default_ttl")).isEqualTo(outside);
      assertThatThrownBy(() -> Kernel.sysctl(pod, "net.ipv4.nonsense"))
          .hasMessageContaining("/proc/sys/net/ipv4/nonsense");
      assertThatThrownBy(() -> Kernel.sysctl(pod, "net.ipv4.ip_default_ttl", "many"))
          .hasMessageContaining("Invalid argument");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kernel.hostname", "net/../kernel/hostname", "", "net"})
  void other_sysctls_are_refused(String name) {
    assertThatThrownBy(() -> Kernel.sysctl(Netns.own(), name))
        .hasMessageContaining("sysctl: got " + name + ", expected net.NAME");
  }

  @Test
  void the_file_limit_is_raised() {
    assertThat(Kernel.raiseFileLimit()).isGreaterThanOrEqualTo(1024);
    assertThat(Kernel.raiseFileLimit()).isEqualTo(Kernel.raiseFileLimit());
  }

  @Test
  void root_misses_nothing() {
    assertThat(Kernel.missingAbilities()).isEmpty();
  }
}
