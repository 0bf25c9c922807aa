/** What is told of traffic, as Telemetry objects say it (spec: l7-telemetry §2). Pure. */
@NullMarked
package dev.ambit.model.telemetry;

import org.jspecify.annotations.NullMarked;
