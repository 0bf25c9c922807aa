/** Foreign programs: run once and listened to, or kept running. */
@NullMarked
package dev.ambit.cli.up.process;

import org.jspecify.annotations.NullMarked;
