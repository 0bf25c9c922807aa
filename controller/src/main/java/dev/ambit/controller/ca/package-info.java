/**
 * The certificate authority: who asks, what they may have, and the signing of it (spec: ca §6).
 * Entry: {@link dev.ambit.controller.ca.CertificateAuthority}. Blocking code on virtual threads.
 */
@NullMarked
package dev.ambit.controller.ca;

import org.jspecify.annotations.NullMarked;
