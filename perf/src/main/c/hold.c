/*
 * hold TARGET CONNECTIONS: opens them, sends one byte over each and waits for it to come back, says
 * "held", and closes them all when its standard input ends.
 */
#include "bench.h"

int main(int argc, char **argv) {
  if (argc != 3) { fprintf(stderr, "usage: hold TARGET CONNECTIONS\n"); return 64; }
  signal(SIGPIPE, SIG_IGN);
  many_files();
  struct sockaddr_in target = address(argv[1]);
  int n = atoi(argv[2]);
  int *fds = calloc(n, sizeof *fds);
  for (int i = 0; i < n; i++) {
    char byte = 'x';
    fds[i] = dial(&target);
    write_fully(fds[i], &byte, 1);
    read_fully(fds[i], &byte, 1);
  }
  puts("held");
  fflush(stdout);
  char end;
  while (read(0, &end, 1) > 0) {
  }
  for (int i = 0; i < n; i++) close(fds[i]);
  return 0;
}
