/*
 * await TARGET ready | await TARGET echo: tries every millisecond until GET /healthz/ready is
 * answered with 200, or until a byte comes back; prints CLOCK_MONOTONIC in nanoseconds then.
 */
#include "bench.h"

static int attempt(const struct sockaddr_in *target, int http) {
  struct timeval patience = {.tv_usec = 200000};
  int fd = socket(AF_INET, SOCK_STREAM, 0), ok = 0;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd, (const struct sockaddr *)target, sizeof *target) == 0) {
    const char *say = http ? "GET /healthz/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" : "x";
    char answer[64] = {0};
    if (write(fd, say, strlen(say)) > 0 && read(fd, answer, sizeof answer - 1) > 0)
      ok = http ? strstr(answer, " 200 ") != NULL : answer[0] == 'x';
  }
  close(fd);
  return ok;
}

int main(int argc, char **argv) {
  if (argc != 3) { fprintf(stderr, "usage: await TARGET ready|echo\n"); return 64; }
  signal(SIGPIPE, SIG_IGN);
  struct sockaddr_in target = address(argv[1]);
  struct timespec pause = {.tv_nsec = 1000000};
  while (!attempt(&target, strcmp(argv[2], "ready") == 0)) nanosleep(&pause, NULL);
  printf("%llu\n", (unsigned long long)now_ns());
  return 0;
}
