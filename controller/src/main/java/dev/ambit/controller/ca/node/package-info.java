/**
 * Nodes as callers: how one proves its name, and for which identities it may speak (spec: ca §6,
 * §7).
 */
@NullMarked
package dev.ambit.controller.ca.node;

import org.jspecify.annotations.NullMarked;
