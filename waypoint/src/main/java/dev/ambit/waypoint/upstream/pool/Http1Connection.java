package dev.ambit.waypoint.upstream.pool;

import dev.ambit.waypoint.http.HttpStream.Reason;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/1.1 connection to an endpoint, with one exchange at a time. It is used again only when
 * both messages ended as they said, and nothing came behind the response. The last handler of its
 * channel; confined to its loop.
 */
final class Http1Connection extends ChannelInboundHandlerAdapter {
  /** What the pool learns. */
  interface Owner {
    /** May be used again. */
    void freed(Http1Connection connection);

    void closed(Http1Connection connection);
  }

  private final Owner owner;
  private final Http1Responses responses = new Http1Responses();
  private final HttpRequestEncoder requests = new HttpRequestEncoder();
  private @Nullable Channel channel;
  private @Nullable Http1Exchange current;
  private @Nullable Throwable brokenBy;
  private boolean completed;
  private boolean reading;
  private boolean inBatch;
  private boolean again;
  private boolean retired;
  private boolean gone;
  private long served;
  private long idleSince;

  /** Closes it when it was idle for too long. */
  @Nullable Future<?> idleTimer;

  /** Retires it when it is too old. */
  @Nullable Future<?> ageTimer;

  Http1Connection(Owner owner) {
    this.owner = owner;
  }

  /** What makes a channel such a connection. */
  ChannelInitializer<Channel> initializer() {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel made) {
        channel = made;
        made.pipeline().addLast(responses, requests, Http1Connection.this);
      }
    };
  }

  Channel channel() {
    return java.util.Objects.requireNonNull(channel);
  }

  Http1Responses responses() {
    return responses;
  }

  boolean isUsable() {
    return !gone && !retired && current == null && channel != null && channel.isActive();
  }

  boolean isGone() {
    return gone;
  }

  boolean isIdle() {
    return current == null;
  }

  long served() {
    return served;
  }

  long idleSince() {
    return idleSince;
  }

  /** Begins an exchange; the connection must be usable. */
  Http1Exchange exchange() {
    served++;
    current = new Http1Exchange(this);
    return current;
  }

  /** Nobody wanted the exchange that was begun. */
  void returned() {
    served--;
    current = null;
  }

  /** Is not used again; closes now, or after the exchange under way. */
  void retire() {
    retired = true;
    if (current == null && channel != null) {
      channel.close();
    }
  }

  /** Watches an idle connection, so that its end is noticed. */
  void idle(long now) {
    idleSince = now;
    read();
  }

  /** Asks for a batch; asking twice is asking once. */
  void read() {
    if (inBatch) {
      again = true;
    } else if (!reading && channel != null) {
      reading = true;
      channel.read();
    }
  }

  void close() {
    if (channel != null) {
      channel.close();
    }
  }

  /** Makes raw bytes of what follows. */
  void becomeRaw() {
    channel().pipeline().remove(requests);
    channel().pipeline().remove(responses);
  }

  /** The exchange has had all of its response. */
  void completed(Http1Exchange exchange) {
    if (current == exchange) {
      completed = true;
    }
  }

  /** The exchange is over and left the connection in doubt. */
  void abandoned(Http1Exchange exchange) {
    if (current == exchange) {
      current = null;
      completed = false;
      close();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    inBatch = true;
    Http1Exchange exchange = current;
    if (brokenBy != null) {
      // The end of a broken connection is not the end of a body.
      ReferenceCountUtil.release(message);
      return;
    }
    if (exchange == null || completed) {
      // Nobody asked for this.
      ReferenceCountUtil.release(message);
      retired = true;
      if (exchange == null) {
        ctx.close();
      }
      return;
    }
    switch (message) {
      case HttpResponse response -> exchange.onResponse(response);
      case HttpContent content -> exchange.onContent(content);
      case ByteBuf bytes -> exchange.onRaw(bytes);
      default -> ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    reading = false;
    inBatch = false;
    boolean more = again;
    again = false;
    Http1Exchange exchange = current;
    if (exchange == null) {
      if (!retired && ctx.channel().isActive()) {
        read();
      }
      return;
    }
    if (!completed) {
      exchange.onReadComplete(more);
      return;
    }
    completed = false;
    current = null;
    boolean clean = exchange.isClean() && !responses.hasRest() && !responses.contradiction();
    exchange.over();
    if (clean && !retired && ctx.channel().isActive()) {
      owner.freed(this);
    } else {
      retired = true;
      ctx.close();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (current != null && ctx.channel().isWritable()) {
      current.onWritable();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (brokenBy == null) {
      brokenBy = cause;
    }
    ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    gone = true;
    cancel(idleTimer);
    cancel(ageTimer);
    Http1Exchange exchange = current;
    current = null;
    if (exchange != null && !completed) {
      exchange.onClosed(
          brokenBy instanceof DecoderException ? Reason.PROTOCOL_ERROR : Reason.CONNECTION_LOST,
          brokenBy == null ? "connection termination" : String.valueOf(brokenBy.getMessage()));
    }
    if (exchange != null) {
      exchange.over();
    }
    owner.closed(this);
  }

  private static void cancel(@Nullable Future<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  /** Tells the reader of responses what the next one answers. */
  void expect(RequestHead head) {
    responses.expect(head.upgrade().isEmpty() ? head.method() : "GET");
  }
}
