/* echo LISTEN: sends back what it gets, for any number of connections; closes after the client. */
#include "bench.h"

static char buffer[64 * 1024];

int main(int argc, char **argv) {
  if (argc != 2) { fprintf(stderr, "usage: echo LISTEN\n"); return 64; }
  signal(SIGPIPE, SIG_IGN);
  many_files();
  int fd = listener(argv[1]), epoll = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN, .data.fd = fd}, events[256];
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
  for (;;) {
    int n = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < n; i++) {
      int s = events[i].data.fd;
      if (s == fd) {
        int in = accept(fd, NULL, NULL);
        if (in < 0) continue;
        no_delay(in);
        struct epoll_event c = {.events = EPOLLIN, .data.fd = in};
        epoll_ctl(epoll, EPOLL_CTL_ADD, in, &c);
        continue;
      }
      ssize_t r = read(s, buffer, sizeof buffer);
      if (r <= 0) { close(s); continue; }
      for (ssize_t done = 0; done < r;) {
        ssize_t w = write(s, buffer + done, r - done);
        if (w <= 0) break;
        done += w;
      }
    }
  }
}
