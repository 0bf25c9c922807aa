/** Telling what happens: to a person at a terminal, in plain lines, or as JSON lines. */
@NullMarked
package dev.ambit.cli.up.report;

import org.jspecify.annotations.NullMarked;
