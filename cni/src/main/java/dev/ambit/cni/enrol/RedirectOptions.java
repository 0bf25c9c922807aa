package dev.ambit.cni.enrol;

import dev.ambit.model.object.Pod;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How a pod's traffic is captured (spec: redirection §2.1).
 *
 * @param ipv6 whether IPv6 is captured too; without, it passes the mesh by
 * @param bypassInbound whether plaintext from outside reaches the application directly
 * @param dns whether port 53 goes to ztunnel's resolver
 * @param virtualInterfaces interfaces of nested machines whose traffic counts as the pod's own
 */
public record RedirectOptions(
    boolean ipv6, boolean bypassInbound, boolean dns, List<String> virtualInterfaces) {
  static final String BYPASS = "ambient.istio.io/bypass-inbound-capture";
  static final String DNS = "ambient.istio.io/dns-capture";
  static final String INTERFACES = "istio.io/reroute-virtual-interfaces";

  /** What the kernel takes as a name, less what would need quoting in a ruleset. */
  private static final Pattern INTERFACE = Pattern.compile("[A-Za-z0-9_.@-]{1,15}");

  /** Plain capture of both families. */
  public static final RedirectOptions BASE = new RedirectOptions(true, false, false, List.of());

  public RedirectOptions {
    virtualInterfaces = List.copyOf(virtualInterfaces);
    for (String name : virtualInterfaces) {
      if (!INTERFACE.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "virtual interface: got \"" + name + "\", expected " + INTERFACE);
      }
    }
  }

  /**
   * These options changed by the annotations of {@code pod}. A word that cannot be the name of an
   * interface is left out: no such interface can exist.
   */
  public RedirectOptions forPod(Pod pod) {
    Map<String, String> annotations = pod.metadata().annotations();
    return new RedirectOptions(
        ipv6,
        "true".equals(annotations.get(BYPASS)),
        Boolean.parseBoolean(annotations.getOrDefault(DNS, Boolean.toString(dns))),
        Stream.of(annotations.getOrDefault(INTERFACES, "").split(","))
            .map(String::strip)
            .filter(name -> INTERFACE.matcher(name).matches())
            .toList());
  }
}
