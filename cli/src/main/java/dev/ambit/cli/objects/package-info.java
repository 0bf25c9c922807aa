/**
 * The objects people wrote, as a folder of manifests or a waypoint has them. Entry: {@link
 * dev.ambit.cli.objects.KnownObjects}.
 */
@NullMarked
package dev.ambit.cli.objects;

import org.jspecify.annotations.NullMarked;
