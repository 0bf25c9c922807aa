package dev.ambit.cli;

import picocli.CommandLine.IVersionProvider;

/** The version of this command line, as its jar says it. */
final class ClientVersion implements IVersionProvider {
  static String text() {
    String version = ClientVersion.class.getPackage().getImplementationVersion();
    return version == null ? "unpackaged" : version;
  }

  @Override
  public String[] getVersion() {
    return new String[] {"ambit " + text() + " (Java " + Runtime.version() + ")"};
  }
}
