/** What the controller makes for the user's objects: its folder, and how what it made fares. */
@NullMarked
package dev.ambit.daemon.generated;

import org.jspecify.annotations.NullMarked;
