/** Workloads and services as the control plane describes them. Pure records. */
@NullMarked
package dev.ambit.model.workload;

import org.jspecify.annotations.NullMarked;
