package dev.ambit.e2e.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** nginx and haproxy as plain HTTP proxies: one connection to the backend a request. */
final class PlainProxies {
  private PlainProxies() {}

  static ForeignProgram nginx(Path work, int listen, int backend) {
    Path program = ForeignProgram.ofSystem("nginx", "Debian nginx-light");
    Path file =
        write(
            work.resolve("smuggling-nginx.conf"),
            """
            daemon off;
            master_process off;
            user root;
            pid %1$s/smuggling-nginx.pid;
            error_log stderr notice;
            events {}
            http {
              access_log off;
              client_body_temp_path %1$s/nginx-body;
              proxy_temp_path %1$s/nginx-proxy;
              fastcgi_temp_path %1$s/nginx-fastcgi;
              uwsgi_temp_path %1$s/nginx-uwsgi;
              scgi_temp_path %1$s/nginx-scgi;
              server {
                listen 127.0.0.1:%2$d;
                location / {
                  proxy_pass http://127.0.0.1:%3$d;
                  proxy_http_version 1.1;
                  proxy_set_header Host $http_host;
                  proxy_request_buffering off;
                  proxy_read_timeout 3s;
                }
              }
            }
            """
                .formatted(work, listen, backend));
    return ForeignProgram.start(
            work, List.of(program.toString(), "-c", file.toString(), "-p", work.toString()))
        .saying("using the");
  }

  static ForeignProgram haproxy(Path work, int listen, int backend) {
    Path program = ForeignProgram.ofSystem("haproxy", "Debian haproxy");
    Path file =
        write(
            work.resolve("smuggling-haproxy.cfg"),
            """
            global
              log stderr format raw local0 notice
            defaults
              mode http
              timeout client 3s
              timeout server 3s
              timeout connect 3s
              option http-server-close
              http-reuse never
            listen plain
              bind 127.0.0.1:%d
              server backend 127.0.0.1:%d
            """
                .formatted(listen, backend));
    return ForeignProgram.start(
        work, List.of(program.toString(), "-V", "-db", "-f", file.toString()));
  }

  private static Path write(Path file, String text) {
    try {
      return Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
