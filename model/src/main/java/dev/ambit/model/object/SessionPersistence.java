package dev.ambit.model.object;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * That a client keeps to the endpoint of its first request (Gateway API, GEP-1619).
 *
 * @param name of the cookie or header; "" leaves it to us
 * @param header whether it is told in a header, not a cookie
 * @param absolute how long a session may last; null is for ever
 * @param idle how long a session may be without a request; null is for ever
 * @param permanent whether the cookie outlives the browser
 */
public record SessionPersistence(
    String name,
    boolean header,
    @Nullable Duration absolute,
    @Nullable Duration idle,
    boolean permanent) {}
