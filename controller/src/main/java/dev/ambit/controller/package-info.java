/**
 * The controller: from manifests to identities, delta xDS and certificates. Entry: {@link
 * dev.ambit.controller.Controller}; one thread derives and publishes, virtual threads serve.
 */
@NullMarked
package dev.ambit.controller;

import org.jspecify.annotations.NullMarked;
