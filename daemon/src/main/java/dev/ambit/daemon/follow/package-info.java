/** Following the files of a folder: their contents and every finished change. */
@NullMarked
package dev.ambit.daemon.follow;

import org.jspecify.annotations.NullMarked;
