/** The story of the demo: one class a claim, each checked on the wire or in the kernel. */
@NullMarked
package dev.ambit.cli.up.story;

import org.jspecify.annotations.NullMarked;
