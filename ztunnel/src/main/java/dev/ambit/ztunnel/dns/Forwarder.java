package dev.ambit.ztunnel.dns;

import dev.ambit.dataplane.net.Sockets;
import dev.ambit.ztunnel.dns.Query.Question;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks name servers outside, from within the pod, as the pod itself would (spec: dns §7): each
 * attempt by a socket of its own, whose port and id nobody can guess; by TCP when an answer was too
 * long for a datagram. On one event loop.
 */
final class Forwarder implements AutoCloseable {
  /** A server that sends more than it was told to is asked again by TCP. */
  private static final int LARGEST_DATAGRAM = 8192;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final EventLoop loop;
  private final Sockets sockets;
  private final Upstreams upstreams;
  private final Set<Exchange> open = new HashSet<>();
  private boolean closed;

  Forwarder(EventLoop loop, Sockets sockets, Upstreams upstreams) {
    this.loop = loop;
    this.sockets = sockets;
    this.upstreams = upstreams;
  }

  /** No server answered. */
  static final class NoAnswer extends Exception {
    NoAnswer(String message) {
      super(message, null, false, false);
    }
  }

  /** The first answer of any server, as it came; fails with {@link NoAnswer}. */
  CompletableFuture<byte[]> ask(Question question) {
    return upstreams.servers().isEmpty()
        ? CompletableFuture.failedFuture(new NoAnswer("no name server is configured"))
        : attempt(question, 0);
  }

  /** Gives up whatever is under way; the pod's namespace is entered no more. */
  @Override
  public void close() {
    closed = true;
    for (Exchange exchange : List.copyOf(open)) {
      exchange.answer.completeExceptionally(new NoAnswer("the pod is gone"));
    }
  }

  private CompletableFuture<byte[]> attempt(Question question, int number) {
    if (closed) {
      return CompletableFuture.failedFuture(new NoAnswer("the pod is gone"));
    }
    int servers = upstreams.servers().size();
    InetSocketAddress server = upstreams.servers().get(number % servers);
    return byDatagram(question, server)
        .thenCompose(answer ->
            (Wire.number(answer, 2) & Wire.TRUNCATED) == 0 || closed
                ? CompletableFuture.completedFuture(answer)
                : byStream(question, server))
        .exceptionallyCompose(failure ->
            number + 1 < servers * upstreams.attempts()
                ? attempt(question, number + 1)
                : CompletableFuture.failedFuture(failure));
  }

  private CompletableFuture<byte[]> byDatagram(Question question, InetSocketAddress server) {
    Exchange exchange = new Exchange(question);
    ChannelFuture opened = sockets.exchange(loop, server, LARGEST_DATAGRAM, exchange);
    return exchange.over(opened, server, Unpooled.wrappedBuffer(exchange.query));
  }

  private CompletableFuture<byte[]> byStream(Question question, InetSocketAddress server) {
    Exchange exchange = new Exchange(question);
    ChannelFuture opened =
        sockets.dial(
            loop,
            server,
            null,
            upstreams.timeout(),
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                channel
                    .pipeline()
                    .addLast(
                        new LengthFieldBasedFrameDecoder(2 + Wire.LARGEST, 0, 2, 0, 2), exchange);
              }
            });
    ByteBuf framed = Unpooled.buffer(2 + exchange.query.length);
    framed.writeShort(exchange.query.length).writeBytes(exchange.query);
    return exchange.over(opened, server, framed);
  }

  /** One query to one server, and its answer. */
  private final class Exchange extends ChannelInboundHandlerAdapter {
    private final Question question;
    private final int id = RANDOM.nextInt(1 << 16);
    private final byte[] query;
    private final CompletableFuture<byte[]> answer = new CompletableFuture<>();

    Exchange(Question question) {
      this.question = question;
      this.query = question.asked(id);
    }

    CompletableFuture<byte[]> over(ChannelFuture opened, InetSocketAddress server, ByteBuf bytes) {
      Channel channel = opened.channel();
      open.add(this);
      var timer =
          loop.schedule(
              () -> answer.completeExceptionally(new NoAnswer("no answer of " + server)),
              upstreams.timeout().toMillis(),
              TimeUnit.MILLISECONDS);
      answer.whenComplete((_, _) -> {
        open.remove(this);
        timer.cancel(false);
        channel.close();
      });
      opened.addListener(f -> {
        if (f.isSuccess() && !answer.isDone()) {
          channel.config().setAutoRead(true);
          channel.writeAndFlush(bytes).addListener(w -> failWith(w.cause(), server));
        } else {
          bytes.release();
          failWith(f.cause(), server);
        }
      });
      return answer;
    }

    private void failWith(@Nullable Throwable cause, InetSocketAddress server) {
      if (cause != null) {
        answer.completeExceptionally(new NoAnswer(server + ": " + cause.getMessage()));
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ByteBuf bytes =
          message instanceof DatagramPacket packet ? packet.content() : (ByteBuf) message;
      try {
        take(ByteBufUtil.getBytes(bytes));
      } finally {
        bytes.release();
      }
    }

    /** What does not answer this query is not its answer, whoever sent it. */
    private void take(byte[] message) {
      if (message.length >= Wire.HEADER
          && Wire.number(message, 0) == id
          && Replies.answers(question, message)) {
        answer.complete(message);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      answer.completeExceptionally(new NoAnswer(String.valueOf(cause.getMessage())));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      answer.completeExceptionally(new NoAnswer("the connection ended without an answer"));
    }
  }
}
