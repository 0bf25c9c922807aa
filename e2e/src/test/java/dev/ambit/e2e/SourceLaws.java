package dev.ambit.e2e;

import com.sun.source.tree.BlockTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** The laws over source text: sizes, and a documented {@code @NullMarked} in every package. */
final class SourceLaws {
  static final int FILE_LINES = 400;
  static final int METHOD_LINES = 60;
  static final int CONSTRUCTOR_PARAMETERS = 5;

  private SourceLaws() {}

  /**
   * Each breach of a size law.
   *
   * @param sources name to text
   */
  static List<String> sizeBreaches(Map<String, String> sources) {
    List<String> breaches = new ArrayList<>();
    sources.forEach((name, source) -> {
      long lines = source.lines().count();
      if (lines > FILE_LINES) {
        breaches.add(name + ": " + lines + " lines, at most " + FILE_LINES);
      }
    });
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<NamedSource> files =
        sources.entrySet().stream().map(e -> new NamedSource(e.getKey(), e.getValue())).toList();
    JavacTask task =
        (JavacTask) compiler.getTask(null, null, null, List.of("-proc:none"), null, files);
    SourcePositions positions = Trees.instance(task).getSourcePositions();
    try {
      for (CompilationUnitTree unit : task.parse()) {
        String name = unit.getSourceFile().getName().substring(1);
        new Sizes(name, breaches, unit, positions).scan(unit, null);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return breaches;
  }

  private static final class NamedSource extends SimpleJavaFileObject {
    private final String text;

    NamedSource(String file, String text) {
      super(URI.create("string:///" + file), JavaFileObject.Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /** The folders of Java files that have no {@code @NullMarked} package-info with Javadoc. */
  static Set<Path> unmarkedPackages(List<Path> sources) {
    Set<Path> folders =
        sources.stream().map(Path::getParent).collect(Collectors.toCollection(TreeSet::new));
    folders.removeIf(folder -> {
      Path info = folder.resolve("package-info.java");
      if (!Files.exists(info)) {
        return false;
      }
      String text = read(info);
      return text.contains("\n@NullMarked") && text.startsWith("/**");
    });
    return folders;
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Sizes extends TreePathScanner<@Nullable Void, @Nullable Void> {
    private final String name;
    private final List<String> breaches;
    private final CompilationUnitTree unit;
    private final SourcePositions positions;
    private boolean inRecord;

    Sizes(String name, List<String> breaches, CompilationUnitTree unit, SourcePositions positions) {
      this.name = name;
      this.breaches = breaches;
      this.unit = unit;
      this.positions = positions;
    }

    @Override
    public @Nullable Void visitClass(ClassTree type, @Nullable Void unused) {
      boolean outer = inRecord;
      inRecord = type.getKind() == Tree.Kind.RECORD;
      for (Tree member : type.getMembers()) {
        if (member instanceof BlockTree block) {
          checkLength(block, "initializer of " + type.getSimpleName());
        }
      }
      super.visitClass(type, unused);
      inRecord = outer;
      return null;
    }

    @Override
    public @Nullable Void visitMethod(MethodTree method, @Nullable Void unused) {
      checkLength(method, method.getName() + "()");
      boolean constructor = method.getName().contentEquals("<init>");
      int parameters = method.getParameters().size();
      if (constructor && !inRecord && parameters > CONSTRUCTOR_PARAMETERS) {
        breaches.add(
            "%s: a constructor takes %d parameters, at most %d"
                .formatted(name, parameters, CONSTRUCTOR_PARAMETERS));
      }
      return super.visitMethod(method, unused);
    }

    private void checkLength(Tree tree, String what) {
      long start = positions.getStartPosition(unit, tree);
      long end = positions.getEndPosition(unit, tree);
      // A canonical constructor that nobody wrote has no place.
      if (start < 0 || end < 0) {
        return;
      }
      long lines =
          unit.getLineMap().getLineNumber(end) - unit.getLineMap().getLineNumber(start) + 1;
      if (lines > METHOD_LINES) {
        breaches.add("%s: %s has %d lines, at most %d".formatted(name, what, lines, METHOD_LINES));
      }
    }
  }
}
