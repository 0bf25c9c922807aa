package dev.ambit.daemon.manifest;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Changes one label of one object in the text of a manifest and leaves everything else, comments
 * included, byte for byte as it is. Pure. What cannot be edited safely (aliases, other forms of
 * YAML than people write) is refused, never guessed: the result is read again and must say what was
 * meant.
 *
 * @param namespace "" for objects without one; a manifest that says none means "default"
 */
public record LabelEdit(String kind, String namespace, String name, String label) {
  private static final int INDENT = 2;

  /** The text cannot be edited; the message says why and what to do. */
  public static final class CannotEdit extends RuntimeException {
    CannotEdit(String message) {
      super(message);
    }
  }

  /** One replacement of {@code text[from, to)}. */
  private record Cut(int from, int to, String by) {}

  /** Whether the object is in {@code text}. */
  public boolean appliesTo(String text) {
    return find(text).isPresent();
  }

  /** The value of the label in {@code text}; empty without the label or the object. */
  public Optional<String> read(String text) {
    return find(text)
        .flatMap(metadata -> entry(metadata, "labels"))
        .flatMap(labels -> asMapping(labels.getValueNode()))
        .flatMap(labels -> entry(labels, label))
        .flatMap(entry -> scalar(entry.getValueNode()));
  }

  /** {@code text} with the label at {@code value}; it must hold the object. */
  public String set(String text, String value) {
    MappingNode metadata = object(text);
    Optional<NodeTuple> labels = entry(metadata, "labels");
    if (labels.isEmpty()) {
      return checked(text, apply(text, newLabels(text, metadata, value)), value);
    }
    Node held = editable(labels.get());
    Optional<MappingNode> mapping = asMapping(held);
    if (mapping.isEmpty()) {
      return checked(text, apply(text, nullLabels(text, labels.get(), value)), value);
    }
    Optional<NodeTuple> existing = entry(mapping.get(), label);
    Cut cut =
        existing.isPresent()
            ? new Cut(
                start(text, editable(existing.get())),
                end(text, existing.get().getValueNode()),
                value)
            : added(text, mapping.get(), value);
    return checked(text, apply(text, List.of(cut)), value);
  }

  /** {@code text} without the label; it must hold the object. */
  public String remove(String text) {
    MappingNode metadata = object(text);
    Optional<NodeTuple> labels = entry(metadata, "labels");
    Optional<MappingNode> mapping = labels.flatMap(entry -> asMapping(entry.getValueNode()));
    Optional<NodeTuple> existing = mapping.flatMap(held -> entry(held, label));
    if (labels.isEmpty() || mapping.isEmpty() || existing.isEmpty()) {
      return text;
    }
    editable(labels.get());
    editable(existing.get());
    List<Cut> cuts = new ArrayList<>();
    if (mapping.get().getFlowStyle() == FlowStyle.FLOW) {
      cuts.add(outOfFlow(text, mapping.get(), existing.get()));
    } else {
      if (mapping.get().getValue().size() == 1) {
        cuts.add(lines(text, labels.get().getKeyNode(), labels.get().getKeyNode()));
      }
      cuts.add(lines(text, existing.get().getKeyNode(), existing.get().getValueNode()));
    }
    return checked(text, apply(text, cuts), null);
  }

  private MappingNode object(String text) {
    return find(text)
        .orElseThrow(
            () -> new CannotEdit("got no " + kind + " " + name + ", expected one in this text"));
  }

  /** The metadata of the object. */
  private Optional<MappingNode> find(String text) {
    for (Node document : documents(text)) {
      Optional<MappingNode> root = asMapping(document);
      List<Node> candidates = new ArrayList<>();
      root.ifPresent(candidates::add);
      root.flatMap(list -> entry(list, "items"))
          .map(NodeTuple::getValueNode)
          .ifPresent(items -> {
            if (items instanceof SequenceNode sequence) {
              candidates.addAll(sequence.getValue());
            }
          });
      for (Node candidate : candidates) {
        Optional<MappingNode> metadata = asMapping(candidate).flatMap(this::metadataOfObject);
        if (metadata.isPresent()) {
          return metadata;
        }
      }
    }
    return Optional.empty();
  }

  private Optional<MappingNode> metadataOfObject(MappingNode object) {
    if (!text(object, "kind").equals(Optional.of(kind))) {
      return Optional.empty();
    }
    return entry(object, "metadata")
        .flatMap(entry -> asMapping(entry.getValueNode()))
        .filter(metadata -> text(metadata, "name").equals(Optional.of(name)))
        .filter(metadata ->
            namespace.isEmpty() || text(metadata, "namespace").orElse("default").equals(namespace));
  }

  private static Iterable<Node> documents(String text) {
    List<Node> documents = new ArrayList<>();
    try {
      new Compose(LoadSettings.builder().build())
          .composeAllFromString(text)
          .forEach(documents::add);
    } catch (YamlEngineException e) {
      throw new CannotEdit("got text that is no YAML: " + e.getMessage());
    }
    return documents;
  }

  /** {@code labels} after the name, in the style of the metadata. */
  private List<Cut> newLabels(String text, MappingNode metadata, String value) {
    NodeTuple after = entry(metadata, "name").orElseThrow();
    if (metadata.getFlowStyle() == FlowStyle.FLOW) {
      int at = end(text, after.getValueNode());
      return List.of(new Cut(at, at, ", labels: {" + label + ": " + value + "}"));
    }
    int column = mark(after.getKeyNode().getStartMark()).getColumn();
    int at = endOfLine(text, end(text, after.getValueNode()));
    String newLine = newLine(text);
    return List.of(
        new Cut(
            at,
            at,
            newLine
                + " ".repeat(column)
                + "labels:"
                + newLine
                + " ".repeat(column + INDENT)
                + label
                + ": "
                + value));
  }

  /** {@code labels:} without anything, or null in words. */
  private List<Cut> nullLabels(String text, NodeTuple labels, String value) {
    Node held = labels.getValueNode();
    boolean isNull = scalar(held).filter(said -> said.matches("|~|null|Null|NULL")).isPresent();
    if (!isNull) {
      throw new CannotEdit("metadata.labels of " + name + ": expected a map of labels");
    }
    int colon = text.indexOf(':', end(text, labels.getKeyNode()));
    return List.of(
        new Cut(
            colon + 1, Math.max(colon + 1, end(text, held)), " {" + label + ": " + value + "}"));
  }

  private Cut added(String text, MappingNode labels, String value) {
    if (labels.getValue().isEmpty()) {
      int at = start(text, labels) + 1;
      return new Cut(at, at, label + ": " + value);
    }
    Node first = labels.getValue().getFirst().getKeyNode();
    int at = start(text, first);
    String gap =
        labels.getFlowStyle() == FlowStyle.FLOW
            ? ", "
            : newLine(text) + " ".repeat(mark(first.getStartMark()).getColumn());
    return new Cut(at, at, label + ": " + value + gap);
  }

  private static Cut outOfFlow(String text, MappingNode labels, NodeTuple gone) {
    int index = labels.getValue().indexOf(gone);
    int from = start(text, gone.getKeyNode());
    int to = end(text, gone.getValueNode());
    if (index + 1 < labels.getValue().size()) {
      to = start(text, labels.getValue().get(index + 1).getKeyNode());
    } else if (index > 0) {
      from = end(text, labels.getValue().get(index - 1).getValueNode());
    }
    return new Cut(from, to, "");
  }

  /** The whole lines that {@code first} to {@code last} stand on. */
  private static Cut lines(String text, Node first, Node last) {
    int from = text.lastIndexOf('\n', start(text, first) - 1) + 1;
    int to = endOfLine(text, end(text, last));
    return new Cut(
        from, Math.min(text.length(), text.startsWith("\r\n", to) ? to + 2 : to + 1), "");
  }

  private static String apply(String text, List<Cut> cuts) {
    StringBuilder edited = new StringBuilder(text);
    for (int i = cuts.size() - 1; i >= 0; i--) {
      edited.replace(cuts.get(i).from(), cuts.get(i).to(), cuts.get(i).by());
    }
    return edited.toString();
  }

  /** Reads what was made: the label as meant, and as many documents as before. */
  private String checked(String before, String after, @Nullable String value) {
    boolean same = count(documents(before)) == count(documents(after)) && appliesTo(after);
    if (!same || !read(after).equals(Optional.ofNullable(value))) {
      throw new CannotEdit(
          "the labels of " + kind + " " + name + " are written in a way only a person can edit");
    }
    return after;
  }

  private static int count(Iterable<Node> documents) {
    int count = 0;
    for (Node _ : documents) {
      count++;
    }
    return count;
  }

  /** The value, which must stand where its key is: an alias or anchor has other users. */
  private Node editable(NodeTuple entry) {
    Node value = entry.getValueNode();
    int key = mark(entry.getKeyNode().getStartMark()).getIndex();
    if (value.getAnchor().isPresent() || mark(value.getStartMark()).getIndex() < key) {
      throw new CannotEdit(
          "the labels of " + kind + " " + name + " are shared by a YAML anchor; edit it by hand");
    }
    return value;
  }

  private static Optional<NodeTuple> entry(MappingNode mapping, String key) {
    return mapping.getValue().stream()
        .filter(tuple -> scalar(tuple.getKeyNode()).equals(Optional.of(key)))
        .findFirst();
  }

  private static Optional<String> text(MappingNode mapping, String key) {
    return entry(mapping, key).flatMap(tuple -> scalar(tuple.getValueNode()));
  }

  private static Optional<String> scalar(Node node) {
    return node instanceof ScalarNode scalar ? Optional.of(scalar.getValue()) : Optional.empty();
  }

  private static Optional<MappingNode> asMapping(Node node) {
    return node instanceof MappingNode mapping ? Optional.of(mapping) : Optional.empty();
  }

  private static Mark mark(Optional<Mark> mark) {
    return mark.orElseThrow();
  }

  private static int start(String text, Node node) {
    return text.offsetByCodePoints(0, mark(node.getStartMark()).getIndex());
  }

  private static int end(String text, Node node) {
    return text.offsetByCodePoints(0, mark(node.getEndMark()).getIndex());
  }

  /** Where the line of {@code at} ends, before its line break. */
  private static int endOfLine(String text, int at) {
    int end = text.indexOf('\n', at);
    if (end < 0) {
      return text.length();
    }
    return end > 0 && text.charAt(end - 1) == '\r' ? end - 1 : end;
  }

  private static String newLine(String text) {
    return text.contains("\r\n") ? "\r\n" : "\n";
  }
}
