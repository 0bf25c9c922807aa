package dev.ambit.e2e;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles small sources in memory, so that a law can be shown code that breaks it. */
final class Compilation {
  private static final Pattern PACKAGE = Pattern.compile("package ([\\w.]+);");
  private static final Pattern TYPE =
      Pattern.compile("(?:class|@interface|interface|record) (\\w+)");

  private Compilation() {}

  /** Compiles {@code first} and {@code others} into {@code output} and returns that folder. */
  static Path of(String first, List<String> others, Path output) {
    List<JavaFileObject> files =
        Stream.concat(Stream.of(first), others.stream()).map(Compilation::file).toList();
    List<String> options =
        List.of(
            "-proc:none",
            "-d",
            output.toString(),
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (!compiler.getTask(null, null, null, options, null, files).call()) {
      throw new IllegalArgumentException("does not compile: " + first);
    }
    return output;
  }

  private static JavaFileObject file(String source) {
    String name = found(PACKAGE, source).replace('.', '/') + "/" + found(TYPE, source) + ".java";
    return new SimpleJavaFileObject(URI.create("string:///" + name), JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return source;
      }
    };
  }

  private static String found(Pattern pattern, String source) {
    Matcher matcher = pattern.matcher(source);
    if (!matcher.find()) {
      throw new IllegalArgumentException("no " + pattern + " in " + source);
    }
    return matcher.group(1);
  }
}
