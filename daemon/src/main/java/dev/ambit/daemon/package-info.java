/**
 * The process chassis every Ambit program stands on: settings, logs, metrics, admin pages,
 * readiness, drain, tasks.
 */
@NullMarked
package dev.ambit.daemon;

import org.jspecify.annotations.NullMarked;
