package dev.ambit.ztunnel.proxy;

import dev.ambit.dataplane.net.Sockets;
import dev.ambit.ztunnel.pod.LocalPod;

/** What every connection of one pod needs to know. Thread-safe. */
record Pod(
    LocalPod local,
    LocalWorkload workload,
    Sockets sockets,
    Connections connections,
    PodProxy.Mesh mesh,
    PodProxy.Flows flows,
    ProxySettings settings) {}
