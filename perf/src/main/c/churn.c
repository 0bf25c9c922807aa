/*
 * churn TARGET CALLERS CONNECTIONS: each caller opens a connection, sends one byte, waits for it to
 * come back, closes, and begins again, until CONNECTIONS were made. Times are from connect to byte.
 */
#include "bench.h"

struct caller {
  int fd;
  int connected;
  uint64_t began;
};

static int epoll;

static void begin(struct caller *c, const struct sockaddr_in *target) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) die("socket");
  no_delay(c->fd);
  c->connected = 0;
  c->began = now_ns();
  if (connect(c->fd, (const struct sockaddr *)target, sizeof *target) && errno != EINPROGRESS) die("connect");
  struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e)) die("epoll_ctl");
}

static void say(struct caller *c) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) { errno = error; die("connect"); }
  c->connected = 1;
  write_fully(c->fd, "x", 1);
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
}

int main(int argc, char **argv) {
  if (argc != 4) { fprintf(stderr, "usage: churn TARGET CALLERS CONNECTIONS\n"); return 64; }
  signal(SIGPIPE, SIG_IGN);
  struct sockaddr_in target = address(argv[1]);
  int n = atoi(argv[2]);
  long rounds = atol(argv[3]), begun = 0, done = 0;
  uint64_t *samples = calloc(rounds, sizeof *samples);
  struct caller *callers = calloc(n, sizeof *callers);
  epoll = epoll_create1(0);
  uint64_t start = now_ns();
  for (int i = 0; i < n && begun < rounds; i++, begun++) begin(&callers[i], &target);
  struct epoll_event events[64];
  while (done < rounds) {
    int k = epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < k; i++) {
      struct caller *c = events[i].data.ptr;
      if (!c->connected) { say(c); continue; }
      char byte;
      ssize_t r = read(c->fd, &byte, 1);
      if (r < 0 && errno == EAGAIN) continue;
      if (r == 0) errno = ECONNRESET;
      if (r != 1) die("read");
      samples[done++] = now_ns() - c->began;
      close(c->fd);
      if (begun < rounds) { begun++; begin(c, &target); }
    }
  }
  print_percentiles(samples, rounds, now_ns() - start);
  return 0;
}
