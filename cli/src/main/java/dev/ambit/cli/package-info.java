/** The {@code ambit} command line. Entry: {@link dev.ambit.cli.AmbitCli}. One thread. */
@NullMarked
package dev.ambit.cli;

import org.jspecify.annotations.NullMarked;
