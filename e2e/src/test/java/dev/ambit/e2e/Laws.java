package dev.ambit.e2e;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The laws of the house over compiled classes: who may depend on whom, what may be called where,
 * how things are named (docs/architecture.md, "Laws").
 */
final class Laws {
  /** The JDK, and what daemon hands out: JSON trees and meters. */
  private static final String[] JDK = {
    "java..",
    "javax.net..",
    "javax.crypto..",
    "javax.security..",
    "com.sun.net.httpserver..",
    "jdk..",
    "tools.jackson..",
    "io.micrometer.core.instrument.."
  };

  private static final String[] GENERATED = {"dev.ambit.proto.."};

  /** Packages that offer more than four public types on purpose. */
  private static final Set<String> TOOLBOXES = Set.of("dev.ambit.daemon");

  /** One law and the sentence a reader sees when it is broken. */
  record Law(String name, ArchRule rule) {
    @Override
    public String toString() {
      return name;
    }
  }

  private Laws() {}

  /** The laws over production classes. */
  static List<Law> production() {
    return Stream.of(modules(), tools(), places(), calls()).flatMap(List::stream).toList();
  }

  /** What each module may depend on. */
  private static List<Law> modules() {
    return List.of(
        only("model is pure: JDK only", "model", "java.."),
        only(
            "daemon knows model, the metrics, JSON, YAML and RE2 libraries",
            "daemon",
            with(
                "dev.ambit.model..",
                "io.micrometer..",
                "io.prometheus..",
                "com.fasterxml.jackson.annotation..",
                "org.snakeyaml..",
                "com.google.re2j..")),
        only(
            "dataplane knows model, daemon, wire types, Netty and gRPC",
            "dataplane",
            with(
                "dev.ambit.model..",
                "dev.ambit.daemon..",
                "dev.ambit.proto..",
                "com.google.protobuf..",
                "io.netty..",
                "io.grpc..")),
        only(
            "ztunnel knows dataplane, model, daemon with its JSON trees, wire types and Netty",
            "ztunnel",
            with(
                "dev.ambit.dataplane..",
                "dev.ambit.model..",
                "dev.ambit.daemon..",
                "tools.jackson..",
                "dev.ambit.proto..",
                "com.google.protobuf..",
                "io.netty..")),
        only(
            "controller knows model, daemon, wire types, gRPC and BouncyCastle",
            "controller",
            with(
                "dev.ambit.model..",
                "dev.ambit.daemon..",
                "dev.ambit.proto..",
                "com.google.protobuf..",
                "io.grpc..",
                "org.bouncycastle..")),
        only(
            "cni knows model, daemon with its metrics and JSON trees, and wire types",
            "cni",
            with(
                "dev.ambit.model..",
                "dev.ambit.daemon..",
                "io.micrometer.core..",
                "tools.jackson..",
                "dev.ambit.proto..",
                "com.google.protobuf..")),
        only(
            "cli knows model, daemon and picocli: no Netty, no gRPC",
            "cli",
            with("dev.ambit.model..", "dev.ambit.daemon..", "picocli..")));
  }

  /** The same of what is not part of a running mesh. */
  private static List<Law> tools() {
    return List.of(
        only(
            "deploy knows daemon's JSON trees and how to write archives",
            "deploy",
            with("dev.ambit.daemon..", "org.apache.commons.compress..")));
  }

  /** Where things may be, and what they are called. */
  private static List<Law> places() {
    return List.of(
        new Law(
            "packages have no cycles",
            slices()
                .matching("dev.ambit.(**)")
                .should()
                .beFreeOfCycles()
                .because("a package is understood before those that use it")),
        new Law(
            "Netty only in dataplane, ztunnel and waypoint",
            noClasses()
                .that()
                .resideOutsideOfPackages(
                    "dev.ambit.dataplane..", "dev.ambit.ztunnel..", "dev.ambit.waypoint..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..")),
        new Law(
            "generated types, protobuf and gRPC only in packages named wire",
            noClasses()
                .that(resideOutsideOfPackages("dev.ambit..wire..", "dev.ambit.proto.."))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.ambit.proto..", "com.google.protobuf..", "io.grpc..")),
        new Law(
            "names say what a thing is",
            noClasses()
                .that(resideOutsideOfPackages(GENERATED))
                .should()
                .haveNameMatching(".*[.$](\\w*(Manager|Utils?|Helpers?|Impl)|Abstract[A-Z]\\w*)$")),
        new Law(
            "a package offers at most four public types, records and enums aside",
            classes().that(resideInAnyPackage("dev.ambit..")).should(beOneOfFewPublicTypes())));
  }

  /** What may be called where. */
  private static List<Law> calls() {
    return List.of(
        new Law(
            "no reflection and no service loader",
            noClasses()
                .that(resideOutsideOfPackages(GENERATED))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.reflect..")
                .orShould()
                .callMethod(Class.class, "forName", String.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(java.util.ServiceLoader.class)),
        new Law(
            "no dependency injection, no Guava",
            noClasses()
                .that(resideOutsideOfPackages(GENERATED))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                    "javax.inject..",
                    "jakarta.inject..",
                    "com.google.inject..",
                    "org.springframework..",
                    "com.google.common..")),
        new Law(
            "standard output and error only in cli, perf, a Main and daemon.Log",
            noClasses()
                .that(
                    resideOutsideOfPackages("dev.ambit.cli..", "dev.ambit.perf..")
                        .and(JavaClass.Predicates.simpleNameEndingWith("Main").negate()))
                .and()
                .doNotHaveFullyQualifiedName("dev.ambit.daemon.Log")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")),
        new Law(
            "environment and exit only in cli, perf and a Main",
            noClasses()
                .that(
                    resideOutsideOfPackages("dev.ambit.cli..", "dev.ambit.perf..")
                        .and(JavaClass.Predicates.simpleNameEndingWith("Main").negate()))
                .should()
                .callMethod(System.class, "getenv")
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .callMethod(System.class, "exit", int.class)),
        new Law(
            "time is an input: no System.currentTimeMillis outside cli and perf",
            noClasses()
                .that(resideOutsideOfPackages("dev.ambit.cli..", "dev.ambit.perf.."))
                .should()
                .callMethod(System.class, "currentTimeMillis")));
  }

  /** The laws over test classes. */
  static List<Law> tests() {
    return List.of(
        new Law(
            "no test sleeps",
            noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", java.time.Duration.class)
                .orShould()
                .callMethod(Thread.class, "sleep", long.class, int.class)
                .orShould()
                .callMethod(java.util.concurrent.TimeUnit.class, "sleep", long.class)),
        new Law(
            "no mocking library",
            noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.mockito..", "org.easymock..", "io.mockk..", "mockit..")));
  }

  private static Law only(String name, String module, String... allowed) {
    String own = "dev.ambit." + module + "..";
    String[] all =
        Stream.concat(Stream.of(allowed), Stream.of(own, "org.jspecify.annotations.."))
            .toArray(String[]::new);
    return new Law(
        name,
        classes()
            .that()
            .resideInAPackage(own)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(all)
            .allowEmptyShould(true));
  }

  private static String[] with(String... more) {
    return Stream.concat(Stream.of(JDK), Stream.of(more)).toArray(String[]::new);
  }

  private static ArchCondition<JavaClass> beOneOfFewPublicTypes() {
    return new ArchCondition<>("be one of at most four public types of its package") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        JavaPackage home = type.getPackage();
        List<String> offered =
            home.getClasses().stream().filter(Laws::counts).map(JavaClass::getSimpleName).toList();
        if (counts(type) && offered.size() > 4 && !TOOLBOXES.contains(home.getName())) {
          events.add(
              SimpleConditionEvent.violated(
                  type, home.getName() + " offers " + offered.size() + ": " + offered));
        }
      }
    };
  }

  private static boolean counts(JavaClass type) {
    return type.isTopLevelClass()
        && !type.isArray()
        && type.getModifiers().contains(com.tngtech.archunit.core.domain.JavaModifier.PUBLIC)
        && !type.isRecord()
        && !type.isEnum()
        && !type.getSimpleName().equals("package-info")
        && !type.getPackageName().startsWith("dev.ambit.proto");
  }
}
