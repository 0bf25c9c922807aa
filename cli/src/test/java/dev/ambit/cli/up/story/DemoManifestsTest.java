package dev.ambit.cli.up.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cli.objects.KnownObjects;
import dev.ambit.daemon.Re2;
import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.model.http.RouteCompiler;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.waypoint.RouteBackends;
import dev.ambit.model.workload.ServiceKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The demo's manifests are what the mesh's own readers and compilers take. */
final class DemoManifestsTest {
  private static final Path DEMO = Path.of("..", "docs", "demo");

  static List<Path> files() {
    List<Path> all = new ArrayList<>();
    for (Path folder : List.of(DEMO, DEMO.resolve("story"))) {
      try (Stream<Path> files = Files.list(folder)) {
        files.filter(file -> file.toString().endsWith(".yaml")).sorted().forEach(all::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("files")
  void readsWithoutAProblem(Path file) throws IOException {
    ManifestReader.Content content =
        ManifestReader.read(file.toString(), Files.readAllBytes(file), Instant.EPOCH);
    assertThat(content.problems()).isEmpty();
    assertThat(content.objects()).isNotEmpty();
  }

  @Test
  void routesOfTheStoryLeadToServicesOfTheDemo() {
    KnownObjects objects = KnownObjects.ofFolders(List.of(DEMO));
    List<ServiceKey> keys =
        objects
            .each(KubernetesService.class)
            .map(service -> service.metadata())
            .map(each ->
                new ServiceKey(
                    each.namespace(), each.name() + "." + each.namespace() + ".svc.cluster.local"))
            .toList();
    RouteBackends.Services services =
        new RouteBackends.Services() {
          @Override
          public boolean contains(ServiceKey key) {
            return keys.contains(key);
          }

          @Override
          public Optional<ServiceKey> named(String hostname) {
            return Optional.empty();
          }
        };
    RouteCompiler compiler =
        new RouteCompiler(
            Re2::whole, new RouteBackends("HTTPRoute", services, _ -> List.of(), "cluster.local"));
    List<HttpRoute> routes =
        files().stream()
            .filter(file -> file.getParent().endsWith("story"))
            .flatMap(file -> read(file).stream())
            .filter(HttpRoute.class::isInstance)
            .map(HttpRoute.class::cast)
            .toList();
    assertThat(routes).hasSize(5);
    assertThat(routes)
        .allSatisfy(route -> assertThat(compiler.compile(route).problems()).isEmpty());
  }

  private static List<dev.ambit.model.object.ClusterObject> read(Path file) {
    try {
      return ManifestReader.read(file.toString(), Files.readAllBytes(file), Instant.EPOCH)
          .objects();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void answersAreReadFromWhatCurlSays() {
    Answers answers =
        Answers.read("reviews v1\n#end 200 0.012\n#end 503 0.5\nreviews v2\n#end 200 1.0\n");
    assertThat(answers.count()).isEqualTo(3);
    assertThat(answers.with(503)).isOne();
    assertThat(answers.saying("reviews v2")).isOne();
    assertThat(answers.slowest(200)).isEqualTo(1000);
    assertThat(answers.statuses()).isEqualTo("[200, 503, 200]");
  }
}
