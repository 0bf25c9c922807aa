package dev.ambit.ztunnel.dns;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Log.Level;
import dev.ambit.daemon.Published;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.model.dns.MeshNames;
import dev.ambit.model.dns.MeshNames.Family;
import dev.ambit.model.dns.Resolution;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.Workload;
import dev.ambit.ztunnel.dns.Query.Question;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.PromiseCombiner;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * The name server of one pod (spec: dns §1, §2). Decides on its own event loop alone; only the
 * connections of TCP are read on others.
 */
public final class NameServer implements AutoCloseable {
  private static final Log LOG = Log.scope("dns");
  private static final int MOST_OF_POD = 1000;
  private static final int MOST_IN_ALL = 10_000;

  private final Place place;
  private final Answers answers;
  private final Forwarder forwarder;
  private final DnsMetrics.OfPod metrics;
  private final AtomicInteger inAll;
  private final SplittableRandom random = new SplittableRandom();
  private final List<Channel> bound = new ArrayList<>();
  private final StreamFront streams;
  private int underWay;
  private boolean closed;

  /** Where it listens. */
  record Place(EventLoop loop, Sockets sockets, List<InetSocketAddress> addresses) {}

  /** What it answers from. */
  record Answers(Published<MeshView> mesh, MeshNames names, NameService.Client client) {}

  NameServer(
      Place place,
      Answers answers,
      Forwarder forwarder,
      DnsMetrics.OfPod metrics,
      AtomicInteger inAll) {
    this.place = place;
    this.answers = answers;
    this.forwarder = forwarder;
    this.metrics = metrics;
    this.inAll = inAll;
    this.streams = new StreamFront(this, place.loop());
  }

  /** What becomes of a message; called once, on the loop of the server. */
  interface Reply {
    void send(byte[] message);

    /** There is no answer to it. */
    void nothing();
  }

  /** Binds all addresses, by both transports, or none. */
  public CompletableFuture<Void> start() {
    CompletableFuture<Void> started = new CompletableFuture<>();
    place.loop().execute(() -> bind(started));
    return started;
  }

  private void bind(CompletableFuture<Void> started) {
    try {
      PromiseCombiner all = new PromiseCombiner(place.loop());
      for (InetSocketAddress address : place.addresses()) {
        all.add((Future<?>) bound(datagrams(address)));
        all.add((Future<?>) bound(place.sockets().listen(address, streams)));
      }
      Promise<Void> done = place.loop().newPromise();
      all.finish(done);
      done.addListener(f -> {
        if (f.isSuccess()) {
          started.complete(null);
        } else {
          bound.forEach(Channel::close);
          started.completeExceptionally(f.cause());
        }
      });
    } catch (RuntimeException refused) {
      bound.forEach(Channel::close);
      started.completeExceptionally(refused);
    }
  }

  private ChannelFuture datagrams(InetSocketAddress address) {
    return place
        .sockets()
        .receive(place.loop(), address, DatagramFront.LARGEST, new DatagramFront(this));
  }

  private ChannelFuture bound(ChannelFuture future) {
    bound.add(future.channel());
    return future;
  }

  /** Where it is bound, by each transport in turn. */
  List<InetSocketAddress> ports() {
    return bound.stream().map(channel -> (InetSocketAddress) channel.localAddress()).toList();
  }

  /** Takes nothing new; what is under way is still answered where a connection lives on. */
  public void closePorts() {
    place.loop().execute(() -> bound.forEach(Channel::close));
  }

  /** Ends everything; the namespace of the pod is not entered after what this puts on the loop. */
  @Override
  public void close() {
    place
        .loop()
        .execute(() -> {
          closed = true;
          bound.forEach(Channel::close);
          streams.close();
          forwarder.close();
          metrics.release();
        });
  }

  /** On the loop of the server. */
  void take(byte[] message, boolean datagram, Reply reply) {
    switch (Query.read(message)) {
      case Query.Ignored() -> reply.nothing();
      case Query.Refused(byte[] refusal) -> reply.send(refusal);
      case Question question -> take(question, datagram, reply);
    }
  }

  private void take(Question question, boolean datagram, Reply reply) {
    if (closed) {
      reply.nothing();
      return;
    }
    if (underWay >= MOST_OF_POD || inAll.get() >= MOST_IN_ALL) {
      reply.send(Replies.failed(question, Wire.SERVER_FAILURE));
      return;
    }
    underWay++;
    inAll.incrementAndGet();
    CompletableFuture<Workload> client = answers.client().workload();
    CompletableFuture<byte[]> answer =
        client.isDone()
            ? client.thenCompose(known -> answer(question, datagram, known))
            : client.thenComposeAsync(known -> answer(question, datagram, known), place.loop());
    answer
        .exceptionally(_ -> Replies.failed(question, Wire.SERVER_FAILURE))
        .thenAcceptAsync(
            bytes -> {
              underWay--;
              inAll.decrementAndGet();
              reply.send(bytes);
            },
            place.loop());
  }

  private CompletableFuture<byte[]> answer(Question question, boolean datagram, Workload client) {
    DnsMetrics.Series series = metrics.series(question.type(), datagram, client);
    series.asked();
    Resolution resolution =
        question.forAddresses()
            ? answers
                .names()
                .resolve(
                    answers.mesh().get(),
                    client,
                    question.name(),
                    question.type() == Wire.A ? Family.IPV4 : Family.IPV6,
                    random)
            : new Resolution.Forward();
    return switch (resolution) {
      case Resolution.Answer answer -> {
        log(client, question, result(answer), Optional.of(answer));
        yield CompletableFuture.completedFuture(
            Replies.local(question, answer, question.largestReply(datagram)));
      }
      case Resolution.Forward() -> forward(question, datagram, client, series);
    };
  }

  private CompletableFuture<byte[]> forward(
      Question question, boolean datagram, Workload client, DnsMetrics.Series series) {
    series.forwarded();
    long begin = System.nanoTime();
    return forwarder
        .ask(question)
        .handle((answer, failure) -> {
          if (failure == null) {
            try {
              byte[] reply = Replies.forwarded(question, answer, question.largestReply(datagram));
              series.answered((System.nanoTime() - begin) / 1e9);
              log(client, question, "forwarded", Optional.empty());
              return reply;
            } catch (Wire.Malformed malformed) {
              return failed(question, client, series, malformed);
            }
          }
          return failed(question, client, series, failure);
        });
  }

  private static byte[] failed(
      Question question, Workload client, DnsMetrics.Series series, Throwable failure) {
    series.failed();
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    log(client, question, "forwarding failed (" + cause.getMessage() + ")", Optional.empty());
    return Replies.failed(question, Wire.SERVER_FAILURE);
  }

  private static String result(Resolution.Answer answer) {
    if (!answer.supported()) {
      return "service does not support this record type";
    }
    return answer.addresses().isEmpty() ? "no records" : "success";
  }

  private static void log(
      Workload client, Question question, String result, Optional<Resolution.Answer> answer) {
    if (LOG.enabled(Level.DEBUG)) {
      LOG.debug(
          "dns query",
          "src.workload",
          client.name(),
          "src.namespace",
          client.namespace(),
          "query",
          DnsMetrics.type(question.type()),
          "domain",
          question.name(),
          "result",
          result,
          "endpoints",
          answer
              .map(known ->
                  known.addresses().stream()
                      .map(IpAddresses::print)
                      .collect(Collectors.joining(",", "[", "]")))
              .orElse(null));
    }
  }
}
