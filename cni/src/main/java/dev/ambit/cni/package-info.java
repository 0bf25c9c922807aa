/**
 * The node agent: captures and releases the pods of one node. {@link dev.ambit.cni.CniAgent} is the
 * wiring. The only program of Ambit that changes the network of pods; it knows neither the data
 * path nor the controller.
 */
@NullMarked
package dev.ambit.cni;

import org.jspecify.annotations.NullMarked;
