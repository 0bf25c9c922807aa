/** What is known of each connection: counters, log lines, the table of open ones. */
@NullMarked
package dev.ambit.dataplane.flow;

import org.jspecify.annotations.NullMarked;
