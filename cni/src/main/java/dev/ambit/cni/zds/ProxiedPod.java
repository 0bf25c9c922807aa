package dev.ambit.cni.zds;

import dev.ambit.cni.zds.wire.ZdsCodec;
import dev.ambit.daemon.kernel.Netns;

/**
 * A pod ztunnel is to proxy. {@code network} is borrowed: it stays open until the pod was removed.
 */
public record ProxiedPod(
    String uid, String namespace, String name, String serviceAccount, Netns network) {
  byte[] packet() {
    return ZdsCodec.add(uid, namespace, name, serviceAccount);
  }
}
