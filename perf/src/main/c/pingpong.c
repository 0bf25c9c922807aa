/*
 * pingpong TARGET BYTES ROUNDS: closed loop on one connection.
 * pingpong TARGET BYTES ROUNDS CONNECTIONS RATE: open loop, RATE messages a second over all
 * connections; each time counts from when the message was due, so a stall is not left out.
 */
#include "bench.h"

static uint64_t *samples;

static void closed_loop(const struct sockaddr_in *target, size_t bytes, long rounds) {
  char *message = calloc(1, bytes);
  int fd = dial(target);
  uint64_t start = 0;
  for (long i = -200; i < rounds; i++) {
    uint64_t sent = now_ns();
    if (i == 0) start = sent;
    write_fully(fd, message, bytes);
    read_fully(fd, message, bytes);
    if (i >= 0) samples[i] = now_ns() - sent;
  }
  print_percentiles(samples, rounds, now_ns() - start);
}

struct caller {
  int fd;
  size_t got;
  uint64_t due;    /* of the message that is out, 0 when none is */
  long waiting;    /* messages that are due and not sent */
  uint64_t *queue; /* their due times, a ring */
  long head;
};

#define RING 8192

static void send_next(struct caller *c, const char *message, size_t bytes) {
  if (c->due || !c->waiting) return;
  c->due = c->queue[c->head++ % RING];
  c->waiting--;
  c->got = 0;
  write_fully(c->fd, message, bytes);
}

static void open_loop(const struct sockaddr_in *target, size_t bytes, long rounds, int n, long rate) {
  char *message = calloc(1, bytes), *answer = malloc(bytes);
  struct caller *callers = calloc(n, sizeof *callers);
  int epoll = epoll_create1(0);
  for (int i = 0; i < n; i++) {
    callers[i].fd = dial(target);
    callers[i].queue = calloc(RING, sizeof(uint64_t));
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &callers[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, callers[i].fd, &e);
  }
  uint64_t start = now_ns(), gap = 1000000000ull / rate;
  long planned = 0, done = 0;
  struct epoll_event events[64];
  while (done < rounds) {
    uint64_t now = now_ns();
    while (planned < rounds && start + planned * gap <= now) {
      struct caller *c = &callers[planned % n];
      if (c->waiting == RING) { errno = EOVERFLOW; die("open loop: more than 8192 messages wait"); }
      c->queue[(c->head + c->waiting++) % RING] = start + planned * gap;
      planned++;
      send_next(c, message, bytes);
    }
    struct timespec wait = {.tv_sec = 1};
    if (planned < rounds) {
      uint64_t next = start + planned * gap;
      now = now_ns();
      uint64_t left = next > now ? next - now : 0;
      wait.tv_sec = left / 1000000000ull;
      wait.tv_nsec = left % 1000000000ull;
    }
    int k = epoll_pwait2(epoll, events, 64, &wait, NULL);
    for (int i = 0; i < k; i++) {
      struct caller *c = events[i].data.ptr;
      ssize_t r = read(c->fd, answer, bytes - c->got);
      if (r <= 0) die("read");
      c->got += r;
      if (c->got < bytes) continue;
      samples[done++] = now_ns() - c->due;
      c->due = 0;
      send_next(c, message, bytes);
    }
  }
  print_percentiles(samples, rounds, now_ns() - start);
}

int main(int argc, char **argv) {
  if (argc != 4 && argc != 6) {
    fprintf(stderr, "usage: pingpong TARGET BYTES ROUNDS [CONNECTIONS RATE]\n");
    return 64;
  }
  signal(SIGPIPE, SIG_IGN);
  struct sockaddr_in target = address(argv[1]);
  size_t bytes = atol(argv[2]);
  long rounds = atol(argv[3]);
  samples = calloc(rounds, sizeof *samples);
  if (argc == 4) closed_loop(&target, bytes, rounds);
  else open_loop(&target, bytes, rounds, atoi(argv[4]), atol(argv[5]));
  return 0;
}
