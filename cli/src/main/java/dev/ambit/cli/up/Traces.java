package dev.ambit.cli.up;

import dev.ambit.cli.up.mesh.MeshFile;
import dev.ambit.cli.up.process.Run;
import dev.ambit.daemon.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * What a mesh could leave on the machine, as seen from outside of it, at one moment.
 *
 * @param rules packet filter rules and routing rules of the machine; "" where only root may look
 * @param namespaces distinct network namespaces that processes are in
 * @param manifests content of the user's folder by file
 */
record Traces(
    Path folder, boolean root, String rules, int namespaces, Map<String, Integer> manifests) {

  /** What has changed. */
  record Difference(Map<String, Object> figures, String trouble) {}

  static Traces take(Path folder, boolean root) {
    return new Traces(folder, root, rules(root), networks().size(), contents(folder));
  }

  /** The names of the mesh's network namespaces, from the file it keeps. */
  static List<String> namesIn(Path state) {
    var names = new ArrayList<String>();
    try {
      JsonNode mesh = Json.read(Files.readAllBytes(state.resolve(MeshFile.NAME)));
      names.addAll(mesh.path("nodes").propertyNames());
      mesh.path("pods").propertyNames().forEach(pod -> names.add(pod.replace('/', '.')));
    } catch (IOException | RuntimeException e) {
      // The mesh never stood: there are no names.
    }
    return names;
  }

  Difference compare(String meshId, List<String> names) {
    var trouble = new ArrayList<String>();
    List<String> processes = processesOf(meshId);
    processes.forEach(process -> trouble.add("process " + process));
    List<String> files =
        names.stream().filter(n -> Files.exists(Path.of("/run/netns", n))).toList();
    files.forEach(file -> trouble.add("namespace /run/netns/" + file));
    List<String> mounts = mounts(names);
    mounts.forEach(mount -> trouble.add("mount " + mount));
    Traces now = take(folder, root);
    if (!now.rules.equals(rules)) {
      trouble.add("rules: got\n" + now.rules + "\nexpected\n" + rules);
    }
    if (!now.manifests.equals(manifests)) {
      trouble.add("the folder " + folder + " is not as it was");
    }
    var figures = new LinkedHashMap<String, Object>();
    figures.put("namespaces_made", names.size());
    figures.put("namespaces_before", namespaces);
    figures.put("namespaces_after", now.namespaces);
    figures.put("processes_left", processes.size());
    figures.put("mounts_left", mounts.size() + files.size());
    figures.put("rules_changed", !now.rules.equals(rules));
    figures.put("manifests_changed", !now.manifests.equals(manifests));
    return new Difference(figures, String.join("\n", trouble));
  }

  private static String rules(boolean root) {
    return root
        ? Run.of("nft", "-s", "list", "ruleset").go().out()
            + Run.of("ip", "rule").go().out()
            + Run.of("ip", "-6", "rule").go().out()
        : "";
  }

  private static Set<String> networks() {
    var found = new HashSet<String>();
    eachProcess(process -> {
      found.add(Files.readSymbolicLink(process.resolve("ns/net")).toString());
      return false;
    });
    return found;
  }

  /** Processes that carry the mesh's mark in their environment, whoever their parent is by now. */
  private static List<String> processesOf(String meshId) {
    String mark = "AMBIT_MESH=" + meshId;
    return eachProcess(process ->
            Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1)
                .contains(mark))
        .stream()
        .map(process -> process.getFileName() + " " + commandOf(process))
        .toList();
  }

  private static String commandOf(Path process) {
    try {
      return Files.readString(process.resolve("comm")).strip();
    } catch (IOException e) {
      return "";
    }
  }

  /** A question to one folder of {@code /proc}; a process may end while it is asked. */
  private interface Question {
    boolean test(Path process) throws IOException;
  }

  private static List<Path> eachProcess(Question question) {
    Predicate<Path> answer =
        process -> {
          try {
            return question.test(process);
          } catch (IOException e) {
            return false;
          }
        };
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      return all.filter(path -> path.getFileName().toString().matches("\\d+"))
          .filter(answer)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> mounts(List<String> names) {
    try {
      return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
          .filter(line -> names.stream().anyMatch(name -> line.contains("/netns/" + name + " ")))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Integer> contents(Path folder) {
    var contents = new TreeMap<String, Integer>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(file.toString(), java.util.Arrays.hashCode(Files.readAllBytes(file)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return contents;
  }
}
