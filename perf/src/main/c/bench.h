/* What the small tools of the benchmark share: addresses, sockets, clocks, percentiles. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 4096

static inline void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static inline uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* A.B.C.D:PORT */
static inline struct sockaddr_in address(const char *text) {
  struct sockaddr_in a = {.sin_family = AF_INET};
  char host[64];
  const char *colon = strrchr(text, ':');
  if (!colon || colon - text >= (long)sizeof host) {
    fprintf(stderr, "address: got %s, expected A.B.C.D:PORT\n", text);
    exit(64);
  }
  memcpy(host, text, colon - text);
  host[colon - text] = 0;
  a.sin_port = htons(atoi(colon + 1));
  if (inet_pton(AF_INET, host, &a.sin_addr) != 1) {
    fprintf(stderr, "address: got %s, expected A.B.C.D:PORT\n", text);
    exit(64);
  }
  return a;
}

static inline void no_delay(int fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static inline void nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

static inline void many_files(void) {
  struct rlimit l;
  getrlimit(RLIMIT_NOFILE, &l);
  l.rlim_cur = l.rlim_max;
  setrlimit(RLIMIT_NOFILE, &l);
}

static inline int listener(const char *text) {
  struct sockaddr_in a = address(text);
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&a, sizeof a)) die("bind");
  if (listen(fd, BACKLOG)) die("listen");
  nonblocking(fd);
  return fd;
}

/* Blocking connect; a failure ends the program, since every figure would be wrong after it. */
static inline int dial(const struct sockaddr_in *a) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) die("socket");
  if (connect(fd, (const struct sockaddr *)a, sizeof *a)) die("connect");
  no_delay(fd);
  return fd;
}

static inline void read_fully(int fd, void *to, size_t n) {
  for (size_t got = 0; got < n;) {
    ssize_t r = read(fd, (char *)to + got, n - got);
    if (r == 0) { errno = ECONNRESET; die("read: closed by the other side"); }
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) die("read");
    got += r;
  }
}

static inline void write_fully(int fd, const void *from, size_t n) {
  for (size_t done = 0; done < n;) {
    ssize_t w = write(fd, (const char *)from + done, n - done);
    if (w < 0 && errno == EINTR) continue;
    if (w < 0) die("write");
    done += w;
  }
}

static inline int by_size(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* Prints {"count":N,"seconds":S,"p50":…,"p99":…,"p999":…,"max":…}; times in microseconds. */
static inline void print_percentiles(uint64_t *ns, size_t n, uint64_t took_ns) {
  if (n == 0) { errno = ENODATA; die("no sample"); }
  qsort(ns, n, sizeof *ns, by_size);
  printf("{\"count\":%zu,\"seconds\":%.3f,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}\n", n,
         took_ns / 1e9, ns[n / 2] / 1e3, ns[(size_t)(n * 0.99)] / 1e3,
         ns[(size_t)(n * 0.999)] / 1e3, ns[n - 1] / 1e3);
}
