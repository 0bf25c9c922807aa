/** The folder in which the controller keeps what must survive it: files and the lock on them. */
@NullMarked
package dev.ambit.controller.state;

import org.jspecify.annotations.NullMarked;
