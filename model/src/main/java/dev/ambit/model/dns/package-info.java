/** Which names the mesh answers itself, and with which addresses (spec: dns §3 to §5). */
@NullMarked
package dev.ambit.model.dns;

import org.jspecify.annotations.NullMarked;
