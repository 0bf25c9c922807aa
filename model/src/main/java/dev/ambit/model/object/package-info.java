/** Kubernetes and Istio objects, reduced to the fields Ambit reads. Pure records. */
@NullMarked
package dev.ambit.model.object;

import org.jspecify.annotations.NullMarked;
