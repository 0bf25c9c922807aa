package dev.ambit.model.mesh;

import java.util.AbstractCollection;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable hash map that shares structure with the map it was made from: a change costs {@code
 * O(log n)} and leaves the old map as it was. A compressed hash-array mapped trie with branches of
 * 32: each node keeps its entries first and its children after them, so an entry costs about 25
 * bytes beyond key and value. Any thread.
 */
public final class TrieMap<K, V> {
  private static final int BITS = 5;
  private static final int MASK = (1 << BITS) - 1;
  private static final int HASH_BITS = 32;
  private static final Object[] NOTHING = {};
  private static final TrieMap<?, ?> EMPTY = new TrieMap<>(new Node(0, 0, NOTHING), 0);

  private final Node root;
  private final int size;

  private TrieMap(Node root, int size) {
    this.root = root;
    this.size = size;
  }

  /** A map without entries. */
  @SuppressWarnings("unchecked") // holds nothing, so it is a map of any types
  public static <K, V> TrieMap<K, V> empty() {
    return (TrieMap<K, V>) EMPTY;
  }

  public int size() {
    return size;
  }

  /** The value of {@code key}, or null. */
  @SuppressWarnings("unchecked") // only with() stores, and it takes K and V
  public @Nullable V get(K key) {
    return (V) root.find(spread(key), 0, key);
  }

  /** The value of {@code key}, or {@code otherwise}. */
  public V get(K key, V otherwise) {
    V found = get(key);
    return found == null ? otherwise : found;
  }

  /** This map with {@code key} bound to {@code value}; itself when it already is that object. */
  public TrieMap<K, V> with(K key, V value) {
    Step step = new Step();
    Node changed = root.with(step, spread(key), 0, key, value);
    return changed == root ? this : new TrieMap<>(changed, step.added ? size + 1 : size);
  }

  /** This map without {@code key}; itself when it has no such key. */
  public TrieMap<K, V> without(K key) {
    Node changed = root.without(spread(key), 0, key);
    if (changed == root) {
      return this;
    }
    return size == 1 ? empty() : new TrieMap<>(changed, size - 1);
  }

  /** Every entry, in an order that means nothing. */
  @SuppressWarnings("unchecked") // only with() stores, and it takes K and V
  public void forEach(BiConsumer<? super K, ? super V> action) {
    root.forEach((key, value) -> action.accept((K) key, (V) value));
  }

  /** A live-free view of the values, in an order that means nothing. */
  public Collection<V> values() {
    return new AbstractCollection<>() {
      @Override
      public Iterator<V> iterator() {
        return new Values<>(root);
      }

      @Override
      public int size() {
        return size;
      }
    };
  }

  /** Hash codes of addresses and short names differ in few bits: mix them into all of 32. */
  private static int spread(Object key) {
    int hash = key.hashCode() * 0x9E3779B9;
    return hash ^ (hash >>> 15);
  }

  /** What one change did beside the new nodes. */
  private static final class Step {
    boolean added;
  }

  /**
   * One level of the trie. {@code slots} holds key and value of each entry in the order of {@code
   * entries}, then the children in the order of {@code children}. Below the last level, where all
   * hash bits are used up, both maps are 0 and the entries are searched one by one.
   */
  private static final class Node {
    final int entries;
    final int children;
    final Object[] slots;

    Node(int entries, int children, Object[] slots) {
      this.entries = entries;
      this.children = children;
      this.slots = slots;
    }

    private static int bit(int hash, int shift) {
      return 1 << ((hash >>> shift) & MASK);
    }

    /** Where the entry of {@code bit} begins, or would. */
    private int entryAt(int bit) {
      return 2 * Integer.bitCount(entries & (bit - 1));
    }

    private int childAt(int bit) {
      return 2 * Integer.bitCount(entries) + Integer.bitCount(children & (bit - 1));
    }

    private Node child(int at) {
      return (Node) slots[at];
    }

    @Nullable Object find(int hash, int shift, Object key) {
      Node node = this;
      int used = shift;
      while (used < HASH_BITS) {
        int bit = bit(hash, used);
        if ((node.entries & bit) != 0) {
          int at = node.entryAt(bit);
          return node.slots[at].equals(key) ? node.slots[at + 1] : null;
        }
        if ((node.children & bit) == 0) {
          return null;
        }
        node = node.child(node.childAt(bit));
        used += BITS;
      }
      int at = node.collision(key);
      return at < 0 ? null : node.slots[at + 1];
    }

    /** Where {@code key} is among entries of one and the same hash; -1 when it is not. */
    private int collision(Object key) {
      for (int at = 0; at < slots.length; at += 2) {
        if (slots[at].equals(key)) {
          return at;
        }
      }
      return -1;
    }

    Node with(Step step, int hash, int shift, Object key, Object value) {
      if (shift >= HASH_BITS) {
        int at = collision(key);
        if (at >= 0) {
          return replaced(at + 1, value);
        }
        step.added = true;
        return new Node(0, 0, inserted(slots.length, key, value));
      }
      int bit = bit(hash, shift);
      if ((entries & bit) != 0) {
        int at = entryAt(bit);
        if (slots[at].equals(key)) {
          return replaced(at + 1, value);
        }
        step.added = true;
        Node pair =
            pair(slots[at], slots[at + 1], spread(slots[at]), key, value, hash, shift + BITS);
        return entryBecomesChild(bit, at, pair);
      }
      if ((children & bit) != 0) {
        int at = childAt(bit);
        Node changed = child(at).with(step, hash, shift + BITS, key, value);
        return replaced(at, changed);
      }
      step.added = true;
      return new Node(entries | bit, children, inserted(entryAt(bit), key, value));
    }

    Node without(int hash, int shift, Object key) {
      if (shift >= HASH_BITS) {
        int at = collision(key);
        return at < 0 ? this : new Node(0, 0, removed(at));
      }
      int bit = bit(hash, shift);
      if ((entries & bit) != 0) {
        int at = entryAt(bit);
        return slots[at].equals(key) ? new Node(entries ^ bit, children, removed(at)) : this;
      }
      if ((children & bit) == 0) {
        return this;
      }
      int at = childAt(bit);
      Node changed = child(at).without(hash, shift + BITS, key);
      // A lone entry moves up, so that equal maps have equal shapes whatever their history.
      return changed.isLoneEntry() ? childBecomesEntry(bit, at, changed) : replaced(at, changed);
    }

    private boolean isLoneEntry() {
      return slots.length == 2 && children == 0;
    }

    /** A node, perhaps with children, that tells two keys of different place apart. */
    private static Node pair(
        Object one,
        Object oneValue,
        int oneHash,
        Object two,
        Object twoValue,
        int hash,
        int shift) {
      if (shift >= HASH_BITS) {
        return new Node(0, 0, new Object[] {one, oneValue, two, twoValue});
      }
      int oneBit = bit(oneHash, shift);
      int twoBit = bit(hash, shift);
      if (oneBit == twoBit) {
        Node below = pair(one, oneValue, oneHash, two, twoValue, hash, shift + BITS);
        return new Node(0, oneBit, new Object[] {below});
      }
      // Unsigned: the highest of the 32 branches has the sign bit.
      Object[] slots =
          Integer.compareUnsigned(oneBit, twoBit) < 0
              ? new Object[] {one, oneValue, two, twoValue}
              : new Object[] {two, twoValue, one, oneValue};
      return new Node(oneBit | twoBit, 0, slots);
    }

    private Node replaced(int at, Object value) {
      if (slots[at] == value) {
        return this;
      }
      Object[] copy = slots.clone();
      copy[at] = value;
      return new Node(entries, children, copy);
    }

    private Object[] inserted(int at, Object key, Object value) {
      Object[] copy = new Object[slots.length + 2];
      System.arraycopy(slots, 0, copy, 0, at);
      copy[at] = key;
      copy[at + 1] = value;
      System.arraycopy(slots, at, copy, at + 2, slots.length - at);
      return copy;
    }

    private Object[] removed(int at) {
      Object[] copy = Arrays.copyOf(slots, slots.length - 2);
      System.arraycopy(slots, at + 2, copy, at, slots.length - 2 - at);
      return copy;
    }

    private Node entryBecomesChild(int bit, int at, Node child) {
      Object[] rest = removed(at);
      int to = 2 * Integer.bitCount(entries ^ bit) + Integer.bitCount(children & (bit - 1));
      Object[] copy = new Object[rest.length + 1];
      System.arraycopy(rest, 0, copy, 0, to);
      copy[to] = child;
      System.arraycopy(rest, to, copy, to + 1, rest.length - to);
      return new Node(entries ^ bit, children | bit, copy);
    }

    private Node childBecomesEntry(int bit, int at, Node lone) {
      Object[] copy = new Object[slots.length + 1];
      int to = entryAt(bit);
      System.arraycopy(slots, 0, copy, 0, to);
      copy[to] = lone.slots[0];
      copy[to + 1] = lone.slots[1];
      System.arraycopy(slots, to, copy, to + 2, at - to);
      System.arraycopy(slots, at + 1, copy, at + 2, slots.length - at - 1);
      return new Node(entries | bit, children ^ bit, copy);
    }

    /** How many entries this node itself has. */
    int width() {
      return children == 0 && entries == 0 ? slots.length / 2 : Integer.bitCount(entries);
    }

    void forEach(BiConsumer<Object, Object> action) {
      int own = 2 * width();
      for (int at = 0; at < own; at += 2) {
        action.accept(slots[at], slots[at + 1]);
      }
      for (int at = own; at < slots.length; at++) {
        child(at).forEach(action);
      }
    }
  }

  /** Walks the values; the stack is as deep as the trie can be. */
  private static final class Values<V> implements Iterator<V> {
    private final Node[] nodes = new Node[HASH_BITS / BITS + 2];
    private final int[] next = new int[nodes.length];
    private int depth;

    Values(Node root) {
      nodes[0] = root;
      settle();
    }

    /** Moves on until the next slot is an entry, or nothing is left. */
    private void settle() {
      while (depth >= 0) {
        Node node = nodes[depth];
        int at = next[depth];
        if (at >= node.slots.length) {
          depth--;
        } else if (at < 2 * node.width()) {
          return;
        } else {
          next[depth]++;
          nodes[++depth] = node.child(at);
          next[depth] = 0;
        }
      }
    }

    @Override
    public boolean hasNext() {
      return depth >= 0;
    }

    @Override
    @SuppressWarnings("unchecked") // only with() stores, and it takes K and V
    public V next() {
      if (depth < 0) {
        throw new NoSuchElementException();
      }
      Object value = nodes[depth].slots[next[depth] + 1];
      next[depth] += 2;
      settle();
      return (V) Objects.requireNonNull(value);
    }
  }
}
