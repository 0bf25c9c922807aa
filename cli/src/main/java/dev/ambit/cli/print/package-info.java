/**
 * How the command line shows rows: table, wide table, JSON or YAML. Entry: {@link
 * dev.ambit.cli.print.Table}. Pure but for the writer it is given.
 */
@NullMarked
package dev.ambit.cli.print;

import org.jspecify.annotations.NullMarked;
