/**
 * Measures the mesh beside calibration rows of the same minute: {@code ./dev bench}.
 *
 * <p>Entry: {@link dev.ambit.perf.BenchMain}. Runs on the main thread; what is measured are other
 * processes in network namespaces of their own. Knows nothing of the programs it measures but their
 * command lines.
 */
@NullMarked
package dev.ambit.perf;

import org.jspecify.annotations.NullMarked;
