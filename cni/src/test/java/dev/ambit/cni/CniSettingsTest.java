package dev.ambit.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.cni.enrol.RedirectOptions;
import dev.ambit.cni.pods.Timing;
import dev.ambit.daemon.Settings;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CniSettingsTest {
  @Test
  void three_values_are_enough() {
    Settings read =
        new Settings(Map.of("NODE_NAME", "node-a", "AMBIT_MANIFESTS", "/m", "AMBIT_FACTS", "/f"));
    CniSettings settings = CniSettings.from(read);
    read.finish();

    assertThat(settings.ztunnelSocket()).isEqualTo(Path.of("/var/run/ztunnel/ztunnel.sock"));
    assertThat(settings.pods().node()).isEqualTo("node-a");
    assertThat(settings.pods().networks()).isEqualTo("/run/netns/{namespace}.{name}");
    assertThat(settings.pods().defaults()).isEqualTo(RedirectOptions.BASE);
    assertThat(settings.pods().enrolment().excludedNamespaces()).isEqualTo(Set.of("kube-system"));
    assertThat(settings.runtime().timing()).isEqualTo(Timing.STANDARD);
    assertThat(settings.runtime().onStop()).isEqualTo(CniSettings.OnStop.RELEASE);
    assertThat(settings.runtime().probeUsers()).isEmpty();
  }

  @Test
  void every_mistake_is_named() {
    Settings read =
        new Settings(
            Map.of(
                "AMBIT_ON_STOP", "maybe",
                "AMBIT_PROBE_UIDS", "0,root",
                "AMBIT_DRAIN", "long"));
    CniSettings.from(read);

    assertThatThrownBy(read::finish)
        .isInstanceOf(Settings.BadSettings.class)
        .hasMessageContaining("NODE_NAME")
        .hasMessageContaining("AMBIT_MANIFESTS")
        .hasMessageContaining("AMBIT_FACTS")
        .hasMessageContaining("AMBIT_ON_STOP")
        .hasMessageContaining("AMBIT_PROBE_UIDS")
        .hasMessageContaining("AMBIT_DRAIN");
  }
}
