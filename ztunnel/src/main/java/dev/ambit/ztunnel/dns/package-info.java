/**
 * The name server of each pod: answers for the mesh, asks name servers outside for the rest (spec:
 * dns). Entry: {@link dev.ambit.ztunnel.dns.NameService}.
 */
@NullMarked
package dev.ambit.ztunnel.dns;

import org.jspecify.annotations.NullMarked;
