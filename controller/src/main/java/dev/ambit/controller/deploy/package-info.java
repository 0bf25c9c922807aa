/**
 * Programs for waypoint Gateways where no cluster runs them: what a Gateway needs, as ordinary
 * manifests in a folder of our own (spec: waypoint-selection §8, §9; control-plane §11).
 */
@NullMarked
package dev.ambit.controller.deploy;

import org.jspecify.annotations.NullMarked;
