/**
 * Kubernetes and Istio YAML in a folder, as objects of the model; and the enrolment facts of nodes
 * beside it.
 */
@NullMarked
package dev.ambit.daemon.manifest;

import org.jspecify.annotations.NullMarked;
