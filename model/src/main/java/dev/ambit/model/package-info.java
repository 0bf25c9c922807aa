/**
 * What every part of the mesh may say: the vocabulary of failures. Pure; depends on the JDK only.
 */
@NullMarked
package dev.ambit.model;

import org.jspecify.annotations.NullMarked;
