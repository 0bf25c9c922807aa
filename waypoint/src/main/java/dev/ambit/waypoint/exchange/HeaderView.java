package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.HttpAttributes;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** Headers as decisions see them; follows later changes. */
record HeaderView(HttpHeaders headers) implements HttpAttributes.Headers {
  @Override
  public @Nullable String joined(String name) {
    Iterator<String> values = headers.valueStringIterator(name);
    if (!values.hasNext()) {
      return null;
    }
    String first = values.next();
    if (!values.hasNext()) {
      return first;
    }
    // The iterator goes from the last one to the first.
    return String.join(",", headers.getAll(name));
  }
}
