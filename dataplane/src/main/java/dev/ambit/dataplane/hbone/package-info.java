/**
 * HBONE, the tunnel between proxies: HTTP/2 CONNECT over mutual TLS (spec: hbone). Entries: {@link
 * dev.ambit.dataplane.hbone.TunnelPool} to open streams, {@link
 * dev.ambit.dataplane.hbone.HboneServer} to serve them. Event-loop confined; decides nothing about
 * routes or policies.
 */
@NullMarked
package dev.ambit.dataplane.hbone;

import org.jspecify.annotations.NullMarked;
