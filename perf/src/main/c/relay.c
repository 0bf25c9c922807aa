/*
 * relay LISTEN TARGET: the bare relay of the calibration rows. One thread, epoll, reads of up to
 * 256 KiB into one shared buffer; what the other side does not take at once is kept until it does,
 * and nothing more is read from the first side meanwhile.
 */
#include "bench.h"

#define CHUNK (256 * 1024)

struct link;
struct side {
  int fd;
  struct link *link;
  char *left; /* bytes read from the other side and not taken by this one yet */
  size_t left_at, left_size;
  int finished;   /* this side sent FIN */
  int shut;       /* this side was sent FIN */
  int connecting;
};
struct link {
  struct side a, b;
  int open, dead;
  struct link *next_dead;
};

static int epoll;
static char chunk[CHUNK];
static struct link *graveyard;

static struct side *other(struct side *s) { return s == &s->link->a ? &s->link->b : &s->link->a; }

static void bury(struct link *l) {
  if (l->dead) return;
  l->dead = 1;
  close(l->a.fd);
  close(l->b.fd);
  l->next_dead = graveyard;
  graveyard = l;
}

static void free_dead(void) {
  while (graveyard) {
    struct link *l = graveyard;
    graveyard = l->next_dead;
    free(l->a.left);
    free(l->b.left);
    free(l);
  }
}

static void interest(struct side *s) {
  struct epoll_event e = {.data.ptr = s};
  struct side *o = other(s);
  if (!s->finished && !s->connecting && !o->left && !o->connecting) e.events |= EPOLLIN;
  if (s->left || s->connecting) e.events |= EPOLLOUT;
  epoll_ctl(epoll, EPOLL_CTL_MOD, s->fd, &e);
}

static void pass_finish(struct side *from) {
  struct side *to = other(from);
  if (from->finished && !to->left && !to->shut) {
    shutdown(to->fd, SHUT_WR);
    to->shut = 1;
  }
  if (from->shut && to->shut) bury(from->link);
}

static void keep(struct side *to, const char *bytes, size_t n) {
  to->left = malloc(n);
  if (!to->left) die("malloc");
  memcpy(to->left, bytes, n);
  to->left_at = 0;
  to->left_size = n;
}

/* Reads once from `from`, writes to the other side. */
static void forward(struct side *from) {
  struct side *to = other(from);
  ssize_t n = read(from->fd, chunk, sizeof chunk);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    from->finished = 1;
    pass_finish(from);
    if (!from->link->dead) interest(from);
    return;
  }
  ssize_t w = write(to->fd, chunk, n);
  if (w < 0 && errno != EAGAIN) { bury(from->link); return; }
  if (w < 0) w = 0;
  if (w < n) {
    keep(to, chunk + w, n - w);
    interest(from);
    interest(to);
  }
}

static void drain(struct side *to) {
  if (to->connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(to->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) { bury(to->link); return; }
    to->connecting = 0;
  }
  if (to->left) {
    ssize_t w = write(to->fd, to->left + to->left_at, to->left_size - to->left_at);
    if (w < 0 && errno == EAGAIN) return;
    if (w < 0) { bury(to->link); return; }
    to->left_at += w;
    if (to->left_at < to->left_size) return;
    free(to->left);
    to->left = NULL;
    pass_finish(other(to));
    if (to->link->dead) return;
  }
  interest(to);
  interest(other(to));
}

static void add(struct side *s, struct link *l, int fd, int connecting) {
  struct epoll_event e = {.events = 0, .data.ptr = s};
  s->fd = fd;
  s->link = l;
  s->connecting = connecting;
  nonblocking(fd);
  no_delay(fd);
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e)) die("epoll_ctl");
}

static void accept_one(int listen_fd, const struct sockaddr_in *target) {
  int in = accept(listen_fd, NULL, NULL);
  if (in < 0) return;
  int out = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (out < 0) die("socket");
  struct link *l = calloc(1, sizeof *l);
  if (!l) die("calloc");
  int r = connect(out, (const struct sockaddr *)target, sizeof *target);
  int connecting = r < 0 && errno == EINPROGRESS;
  add(&l->a, l, in, 0);
  add(&l->b, l, out, connecting);
  if (r < 0 && !connecting) { bury(l); return; }
  interest(&l->a);
  interest(&l->b);
}

int main(int argc, char **argv) {
  if (argc != 3) { fprintf(stderr, "usage: relay LISTEN TARGET\n"); return 64; }
  signal(SIGPIPE, SIG_IGN);
  many_files();
  struct sockaddr_in target = address(argv[2]);
  int fd = listener(argv[1]);
  epoll = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, events[64];
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
  for (;;) {
    int n = epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < n; i++) {
      struct side *s = events[i].data.ptr;
      if (!s) { accept_one(fd, &target); continue; }
      if (s->link->dead) continue;
      if (events[i].events & (EPOLLERR | EPOLLHUP) && !(events[i].events & EPOLLIN) && !s->connecting) {
        if (!other(s)->left) bury(s->link);
        continue;
      }
      if (events[i].events & EPOLLOUT || s->connecting) drain(s);
      if (!s->link->dead && events[i].events & EPOLLIN) forward(s);
    }
    free_dead();
  }
}
