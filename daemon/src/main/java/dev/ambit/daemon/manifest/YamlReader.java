package dev.ambit.daemon.manifest;

import dev.ambit.daemon.manifest.Yaml.Malformed;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Builds {@link Yaml} from parser events with a stack of its own: the library's composer recurses,
 * and a few thousand brackets would end it. Depth and aliases are bounded.
 */
final class YamlReader {
  private static final int MOST_DEPTH = 64;
  private static final int MOST_ALIASES = 50;

  private final Deque<Open> open = new ArrayDeque<>();
  private final Map<Anchor, Yaml> anchors = new HashMap<>();
  private final List<Yaml> documents = new ArrayList<>();
  private int aliases;

  /** A collection whose end is still to come. */
  private static final class Open {
    final int line;
    final @Nullable Anchor anchor;
    final @Nullable List<Yaml> items;
    final Map<String, Yaml> fields = new LinkedHashMap<>();
    @Nullable String key;

    Open(int line, @Nullable Anchor anchor, boolean mapping) {
      this.line = line;
      this.anchor = anchor;
      this.items = mapping ? null : new ArrayList<>();
    }
  }

  private YamlReader() {}

  /** The documents of a file; empty ones are left out. */
  static List<Yaml> read(String text) throws Malformed {
    LoadSettings settings =
        LoadSettings.builder().setCodePointLimit(Integer.MAX_VALUE).setUseMarks(true).build();
    YamlReader reader = new YamlReader();
    try {
      Iterator<Event> events = new Parse(settings).parseString(text).iterator();
      while (events.hasNext()) {
        reader.take(events.next());
      }
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().or(e::getContextMark).map(Mark::getLine).orElse(-1) + 1;
      String context = e.getContext();
      throw new Malformed(
          line, e.getProblem(), context == null ? "YAML" : "YAML (" + context + ")");
    } catch (YamlEngineException e) {
      throw new Malformed(0, String.valueOf(e.getMessage()).lines().findFirst().orElse(""), "YAML");
    }
    return reader.documents;
  }

  private void take(Event event) throws Malformed {
    switch (event.getEventId()) {
      case DocumentStart -> {
        anchors.clear();
        aliases = 0;
      }
      case Scalar -> {
        ScalarEvent scalar = (ScalarEvent) event;
        Yaml value = new Yaml.Scalar(scalar.getValue(), scalar.isPlain(), line(event));
        anchor(scalar, value);
        add(value);
      }
      case Alias -> add(aliased((AliasEvent) event));
      case SequenceStart -> open((CollectionStartEvent) event, false);
      case MappingStart -> open((CollectionStartEvent) event, true);
      case SequenceEnd, MappingEnd -> close();
      case StreamStart, StreamEnd, DocumentEnd, Comment -> {}
    }
  }

  private void open(CollectionStartEvent start, boolean mapping) throws Malformed {
    if (open.size() == MOST_DEPTH) {
      throw new Malformed(
          line(start), "deeper nesting", "at most " + MOST_DEPTH + " lists and mappings inside");
    }
    refuseKey(line(start));
    open.push(new Open(line(start), start.getAnchor().orElse(null), mapping));
  }

  private void refuseKey(int line) throws Malformed {
    Open parent = open.peek();
    if (parent != null && parent.items == null && parent.key == null) {
      throw new Malformed(line, "a list or mapping as a key", "text");
    }
  }

  private void close() throws Malformed {
    Open closed = open.pop();
    Yaml value =
        closed.items == null
            ? new Yaml.Fields(Collections.unmodifiableMap(closed.fields), closed.line)
            : new Yaml.Items(List.copyOf(closed.items), closed.line);
    if (closed.anchor != null) {
      anchors.put(closed.anchor, value);
    }
    add(value);
  }

  private void anchor(NodeEvent event, Yaml value) {
    event.getAnchor().ifPresent(name -> anchors.put(name, value));
  }

  private Yaml aliased(AliasEvent event) throws Malformed {
    Yaml value = anchors.get(event.getAlias());
    if (value == null) {
      throw new Malformed(
          line(event), "alias *" + event.getAlias(), "an anchor that is complete above");
    } else if (++aliases > MOST_ALIASES) {
      throw new Malformed(line(event), "more aliases", "at most " + MOST_ALIASES + " a document");
    }
    return value;
  }

  private void add(Yaml value) throws Malformed {
    Open parent = open.peek();
    if (parent == null) {
      if (!(value instanceof Yaml.Scalar scalar && scalar.nothing())) {
        documents.add(value);
      }
    } else if (parent.items != null) {
      parent.items.add(value);
    } else if (parent.key != null) {
      parent.fields.put(parent.key, value);
      parent.key = null;
    } else if (!(value instanceof Yaml.Scalar scalar)) {
      throw new Malformed(value.line(), value.described() + " as a key", "text");
    } else if (parent.fields.containsKey(scalar.text())) {
      throw new Malformed(value.line(), "key " + scalar.text() + " again", "each key once");
    } else {
      parent.key = scalar.text();
    }
  }

  private static int line(Event event) {
    Optional<Mark> mark = event.getStartMark();
    return mark.map(Mark::getLine).orElse(-1) + 1;
  }
}
