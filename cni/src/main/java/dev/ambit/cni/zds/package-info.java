/**
 * The agent's side of the CNI socket: {@link dev.ambit.cni.zds.ZdsServer} tells every connected
 * ztunnel which pods to proxy (spec: cni-socket). Platform threads, one a client.
 */
@NullMarked
package dev.ambit.cni.zds;

import org.jspecify.annotations.NullMarked;
