package dev.ambit.cli.print;

import java.util.Map;

/** Colours for people; plain for anything else (NO_COLOR, a pipe). */
public record Ink(boolean coloured) {
  private static final String ESCAPE = "\u001b[";

  /** Coloured only when the launcher saw a terminal and nobody minds. */
  public static Ink of(Map<String, String> environment) {
    return new Ink(
        environment.getOrDefault("NO_COLOR", "").isEmpty()
            && !environment.getOrDefault("TERM", "").equals("dumb")
            && environment.getOrDefault("AMBIT_TERMINAL", "").equals("1"));
  }

  public String good(String text) {
    return with("32m", text);
  }

  public String bad(String text) {
    return with("31m", text);
  }

  public String warning(String text) {
    return with("33m", text);
  }

  public String bold(String text) {
    return with("1m", text);
  }

  private String with(String code, String text) {
    return coloured ? ESCAPE + code + text + ESCAPE + "0m" : text;
  }
}
