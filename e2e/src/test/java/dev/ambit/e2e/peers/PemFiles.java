package dev.ambit.e2e.peers;

import java.nio.file.Path;

/** What a foreign program needs to prove an identity: chain, key and whom it trusts, as files. */
record PemFiles(Path chain, Path key, Path roots) {}
