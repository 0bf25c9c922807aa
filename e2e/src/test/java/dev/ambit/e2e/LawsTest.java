package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The laws of the house hold, and each of them can fail. */
final class LawsTest {
  private static final JavaClasses PRODUCTION = Repository.productionClasses();
  private static final JavaClasses TESTS = Repository.testClasses();

  /** Code that breaks a law, so that a law that no longer bites is noticed. */
  record Sinner(String law, String source) {
    @Override
    public String toString() {
      return law;
    }
  }

  static final List<Sinner> SINNERS =
      List.of(
          sinner("model is pure", "model.x", "class A { org.sinner.Tool tool; }"),
          sinner("daemon knows", "daemon.x", "class A { org.sinner.Tool tool; }"),
          sinner("dataplane knows", "dataplane.x", "class A { org.sinner.Tool tool; }"),
          sinner("ztunnel knows", "ztunnel.x", "class A { io.grpc.Channel channel; }"),
          sinner("controller knows", "controller.x", "class A { dev.ambit.cni.x.Agent agent; }"),
          sinner("cni knows", "cni.x", "class A { dev.ambit.dataplane.flow.Flow flow; }"),
          sinner("cli knows", "cli.x", "class A { io.netty.channel.Channel channel; }"),
          sinner("deploy knows", "deploy.x", "class A { io.netty.channel.Channel channel; }"),
          sinner("packages have no cycles", "cni.x", "class A { dev.ambit.cni.x.y.Loop loop; }"),
          sinner("Netty only in", "cni.x", "class A { io.netty.channel.Channel channel; }"),
          sinner("generated types", "cni.x", "class A { com.google.protobuf.Message message; }"),
          sinner("names say", "cni.x", "class PodManager {}"),
          sinner("names say", "cni.x", "class A { static class PodUtils {} }"),
          sinner("names say", "cni.x", "class AbstractPod {}"),
          sinner("no reflection", "cni.x", "class A { java.lang.reflect.Method method; }"),
          sinner("no dependency injection", "cni.x", "class A { @javax.inject.Inject int a; }"),
          sinner("standard output", "cni.x", "class A {{ System.out.println(); }}"),
          sinner("environment and exit", "cni.x", "class A {{ System.exit(1); }}"),
          sinner("environment and exit", "cni.x", "class A {{ System.getenv(); }}"),
          sinner("time is an input", "cni.x", "class A { long a = System.currentTimeMillis(); }"),
          sinner("a package offers", "many", "class A {}"),
          sinner(
              "no test sleeps", "x", "class A { void a() throws Exception { Thread.sleep(1); } }"),
          sinner("no mocking library", "x", "class A { org.mockito.Mockito mockito; }"));

  /** Types the sinners need beside those on the class path. */
  private static final List<String> ACCOMPLICES =
      List.of(
          "package org.sinner; public class Tool {}",
          "package javax.inject; public @interface Inject {}",
          "package org.mockito; public class Mockito {}",
          "package dev.ambit.cni.x; public class Agent {}",
          "package dev.ambit.cni.x.y; public class Loop { dev.ambit.cni.x.Agent back; }",
          "package dev.ambit.many; public class B {}",
          "package dev.ambit.many; public class C {}",
          "package dev.ambit.many; public class D {}",
          "package dev.ambit.many; public class E {}",
          "package dev.ambit.many; public interface F {}");

  private static Sinner sinner(String law, String location, String source) {
    return new Sinner(law, "package dev.ambit." + location + "; " + source);
  }

  static Stream<Laws.Law> productionLaws() {
    return Laws.production().stream();
  }

  static Stream<Laws.Law> testLaws() {
    return Laws.tests().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("productionLaws")
  void holds_in_production_code(Laws.Law law) {
    law.rule().check(PRODUCTION);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("testLaws")
  void holds_in_tests(Laws.Law law) {
    law.rule().check(TESTS);
  }

  @Test
  void every_package_is_null_marked_and_says_what_it_is() {
    assertThat(SourceLaws.unmarkedPackages(Repository.productionSources()))
        .as("packages without a package-info.java that starts with Javadoc and has @NullMarked")
        .isEmpty();
  }

  @Test
  void files_methods_and_constructors_are_small() {
    Map<String, String> sources = new LinkedHashMap<>();
    for (Path file : Repository.sources()) {
      sources.put(Repository.root().relativize(file).toString(), SourceLaws.read(file));
    }
    assertThat(SourceLaws.sizeBreaches(sources)).isEmpty();
  }

  @Test
  void the_laws_see_every_module() {
    assertThat(Repository.modules())
        .allSatisfy(module ->
            assertThat(PRODUCTION)
                .anySatisfy(type ->
                    assertThat(type.getSource().orElseThrow().getUri().getPath())
                        .startsWith(module + "/target/classes/")));
  }

  @ParameterizedTest(name = "{0}")
  @FieldSource("SINNERS")
  void every_law_can_fail(Sinner sinner, @TempDir Path output) {
    List<Laws.Law> named =
        Stream.concat(Laws.production().stream(), Laws.tests().stream())
            .filter(law -> law.name().startsWith(sinner.law()))
            .toList();
    assertThat(named).hasSize(1);
    JavaClasses sinful =
        new ClassFileImporter().importPath(Compilation.of(sinner.source(), ACCOMPLICES, output));
    assertThatThrownBy(() -> named.getFirst().rule().check(sinful))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Architecture Violation");
  }

  @Test
  void every_law_has_a_sinner() {
    assertThat(Stream.concat(productionLaws(), testLaws()))
        .allSatisfy(
            law -> assertThat(SINNERS).anySatisfy(s -> assertThat(law.name()).startsWith(s.law())));
  }

  @Test
  void the_size_laws_can_fail() {
    String longMethod = "class A { void a() {" + "\n".repeat(60) + "} }";
    String longInitializer = "class A { static {" + "\n".repeat(60) + "} }";
    String longFile = "class A {" + "\n".repeat(400) + "}";
    String wide = "class A { A(int a, int b, int c, int d, int e, int f) {} }";
    String record = "record A(int a, int b, int c, int d, int e, int f) { A {} }";
    assertThat(SourceLaws.sizeBreaches(Map.of("A.java", longMethod))).hasSize(1);
    assertThat(SourceLaws.sizeBreaches(Map.of("A.java", longInitializer))).hasSize(1);
    assertThat(SourceLaws.sizeBreaches(Map.of("A.java", longFile))).hasSize(1);
    assertThat(SourceLaws.sizeBreaches(Map.of("A.java", wide))).hasSize(1);
    assertThat(SourceLaws.sizeBreaches(Map.of("A.java", record))).isEmpty();
  }
}
