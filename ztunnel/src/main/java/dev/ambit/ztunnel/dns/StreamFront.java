package dev.ambit.ztunnel.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.timeout.IdleState;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.ImmediateEventExecutor;

/** Queries by TCP: messages behind their length, several at a time. */
final class StreamFront extends ChannelInitializer<Channel> {
  private static final int MOST_CONNECTIONS = 256;
  private static final int MOST_PIPELINED = 32;
  private static final int IDLE_SECONDS = 5;

  private final NameServer server;
  private final EventLoop loop;
  private final ChannelGroup connections =
      new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE, true);

  /**
   * @param loop of the server; connections have others
   */
  StreamFront(NameServer server, EventLoop loop) {
    this.server = server;
    this.loop = loop;
  }

  @Override
  public boolean isSharable() {
    return true;
  }

  @Override
  protected void initChannel(Channel accepted) {
    if (connections.size() >= MOST_CONNECTIONS) {
      accepted.close();
      return;
    }
    connections.add(accepted);
    accepted
        .pipeline()
        .addLast(
            new IdleStateHandler(0, 0, IDLE_SECONDS),
            new LengthFieldBasedFrameDecoder(2 + DatagramFront.LARGEST, 0, 2, 0, 2),
            new Conversation());
  }

  /** Ends all connections, and those that come later. */
  void close() {
    connections.close();
  }

  /** One connection. On its own loop, but for what says otherwise. */
  private final class Conversation extends SimpleChannelInboundHandler<ByteBuf> {
    private int pending;
    private boolean ended;

    @Override
    public void channelActive(ChannelHandlerContext context) {
      context.read();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf frame) {
      byte[] message = ByteBufUtil.getBytes(frame);
      pending++;
      loop.execute(() -> server.take(message, false, replyTo(context)));
    }

    private NameServer.Reply replyTo(ChannelHandlerContext context) {
      return new NameServer.Reply() {
        @Override
        public void send(byte[] message) {
          ByteBuf framed = Unpooled.buffer(2 + message.length);
          framed.writeShort(message.length).writeBytes(message);
          context
              .executor()
              .execute(() -> {
                context.writeAndFlush(framed, context.voidPromise());
                done(context);
              });
        }

        @Override
        public void nothing() {
          context.executor().execute(() -> done(context));
        }
      };
    }

    private void done(ChannelHandlerContext context) {
      pending--;
      proceed(context);
    }

    /** Reads on, or closes, once nothing stands in the way. */
    private void proceed(ChannelHandlerContext context) {
      if (ended && pending == 0) {
        context.close();
      } else if (!ended && pending < MOST_PIPELINED && context.channel().isWritable()) {
        context.read();
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      proceed(context);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      proceed(context);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (event instanceof ChannelInputShutdownEvent) {
        ended = true;
        proceed(context);
      } else if (event instanceof IdleStateEvent idle
          && idle.state() == IdleState.ALL_IDLE
          && pending == 0) {
        context.close();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
