/** Whether a request's token is accepted (spec: l7-authorization §6). Pure: no keys, no clock. */
@NullMarked
package dev.ambit.model.jwt;

import org.jspecify.annotations.NullMarked;
