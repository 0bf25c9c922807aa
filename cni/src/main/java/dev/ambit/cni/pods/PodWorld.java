package dev.ambit.cni.pods;

import dev.ambit.cni.enrol.PodNetwork;
import dev.ambit.cni.enrol.ProbeBypass;
import dev.ambit.cni.zds.Ztunnels;
import java.time.InstantSource;

/** What the loops of all pods share. */
record PodWorld(
    PodNetwork.Opener networks,
    Ztunnels ztunnels,
    ProbeBypass probes,
    FactBook facts,
    AgentMetrics metrics,
    InstantSource clock,
    Timing timing) {}
