/**
 * A saved or fetched {@code /config_dump} as the view that decisions read. Entry: {@link
 * dev.ambit.cli.dump.DumpReader}. Pure.
 */
@NullMarked
package dev.ambit.cli.dump;

import org.jspecify.annotations.NullMarked;
