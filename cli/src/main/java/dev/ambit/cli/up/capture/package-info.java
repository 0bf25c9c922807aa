/** What is really on a link: packets captured by tcpdump, read from its file. */
@NullMarked
package dev.ambit.cli.up.capture;

import org.jspecify.annotations.NullMarked;
