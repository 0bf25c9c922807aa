/**
 * The commands that list what the programs of a mesh know: workloads, services, policies,
 * certificates, connections, tunnels, pods. Entry: {@link dev.ambit.cli.inspect.Inspection}.
 */
@NullMarked
package dev.ambit.cli.inspect;

import org.jspecify.annotations.NullMarked;
