/**
 * Pure translation of cluster objects into model records: same input, same output, no clock, no
 * I/O. Entry: {@link dev.ambit.controller.translate.Derivation}.
 */
@NullMarked
package dev.ambit.controller.translate;

import org.jspecify.annotations.NullMarked;
