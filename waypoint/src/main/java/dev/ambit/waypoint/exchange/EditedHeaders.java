package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.HeaderEdits;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;

/** Headers under edits of routes (spec: http-routing §4). */
final class EditedHeaders implements HeaderEdits.Target {
  private final HttpHeaders headers;
  private String authority;

  EditedHeaders(HttpHeaders headers, String authority) {
    this.headers = headers;
    this.authority = authority;
  }

  /** Applies edits in order and tells the authority after them. */
  static String apply(List<HeaderEdits> edits, HttpHeaders headers, String authority) {
    EditedHeaders target = new EditedHeaders(headers, authority);
    for (HeaderEdits each : edits) {
      each.applyTo(target);
    }
    return target.authority;
  }

  @Override
  public void remove(String name) {
    headers.remove(name);
  }

  @Override
  public void set(String name, String value) {
    headers.set(name, value);
  }

  /** One header with both values, as the tests of the Gateway API look at it. */
  @Override
  public void add(String name, String value) {
    String old = new HeaderView(headers).joined(name);
    if (old == null || name.equals("set-cookie")) {
      headers.add(name, value);
    } else {
      headers.set(name, old + "," + value);
    }
  }

  @Override
  public void authority(String value) {
    authority = value;
  }
}
