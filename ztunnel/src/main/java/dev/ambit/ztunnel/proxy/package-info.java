/**
 * The proxy of one pod: what is captured on its way out, tunnels into it, plaintext into it. Entry:
 * {@link dev.ambit.ztunnel.proxy.PodProxy}. Runs on the event loops; asks the model what to do and
 * does it.
 */
@NullMarked
package dev.ambit.ztunnel.proxy;

import org.jspecify.annotations.NullMarked;
