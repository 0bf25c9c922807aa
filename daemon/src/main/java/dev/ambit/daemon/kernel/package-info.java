/**
 * What Linux offers and the JDK does not: network namespaces, packet sockets with descriptors,
 * socket tables. By FFM; on platform threads only.
 */
@NullMarked
package dev.ambit.daemon.kernel;

import org.jspecify.annotations.NullMarked;
