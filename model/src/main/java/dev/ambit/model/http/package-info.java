/**
 * What a waypoint does with a request: which rule takes it, what becomes of it, whether it may.
 * Pure.
 */
@NullMarked
package dev.ambit.model.http;

import org.jspecify.annotations.NullMarked;
