package dev.ambit.daemon.manifest;

import dev.ambit.daemon.manifest.Yaml.Malformed;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.MeshConfig.AccessLog;
import dev.ambit.model.object.MeshConfig.Defaults;
import dev.ambit.model.object.MeshConfig.Tracing;
import dev.ambit.model.object.Metadata;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the YAML inside the ConfigMap {@code istio}. Its fields are many and most mean nothing to
 * Ambit, so unknown ones are passed over, except where they would change who may call.
 */
final class MeshConfigReader {
  private static final int MOST_PROVIDERS = 256;
  private static final Map<String, String> NORMALIZATIONS =
      Map.of(
          "DEFAULT", "BASE",
          "NONE", "NONE",
          "BASE", "BASE",
          "MERGE_SLASHES", "MERGE_SLASHES",
          "DECODE_AND_MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES");

  private static final Yaml.Fields NOTHING = new Yaml.Fields(Map.of(), 0);

  private MeshConfigReader() {}

  static MeshConfig read(Metadata metadata, FieldReader fields) {
    FieldReader mesh = inner(fields.mappingOrEmpty("data"), "mesh");
    FieldReader normalization = mesh.mappingOrEmpty("pathNormalization");
    normalization.strictly(Set.of("normalization"));
    return new MeshConfig(
        metadata,
        mesh.text("trustDomain", ""),
        mesh.texts("trustDomainAliases"),
        normalization.choice("normalization", NORMALIZATIONS, "BASE"),
        providers(mesh),
        defaults(mesh.mappingOrEmpty("defaultProviders")),
        new AccessLog(
            mesh.text("accessLogFile", ""),
            mesh.choice("accessLogEncoding", Map.of("TEXT", false, "JSON", true), false),
            mesh.text("accessLogFormat", "")),
        tracing(mesh),
        VirtualServiceReader.retries(mesh, "defaultHttpRetryPolicy"));
  }

  /** The YAML inside a text field; what is wrong in it is named by lines of the file. */
  private static FieldReader inner(FieldReader data, String name) {
    String text = data.text(name, "");
    try {
      List<Yaml> documents = YamlReader.read(text);
      if (documents.isEmpty()) {
        return data.inside(name, NOTHING);
      } else if (documents.size() == 1 && documents.getFirst() instanceof Yaml.Fields fields) {
        return data.inside(name, fields);
      }
      data.problem(name, documents.size() + " documents", "one YAML mapping");
    } catch (Malformed e) {
      data.problem(name, e.got + " in line " + e.line, e.expected);
    }
    return data.inside(name, NOTHING);
  }

  private static List<ExtensionProvider> providers(FieldReader mesh) {
    List<ExtensionProvider> providers = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (FieldReader provider : mesh.mappings("extensionProviders", MOST_PROVIDERS)) {
      String name = provider.required("name", "a name", text -> !text.isEmpty());
      if (!names.add(name)) {
        provider.problem("name", '"' + name + "\" again", "each name once");
      }
      providers.add(new ExtensionProvider(name, ProviderReader.kind(provider)));
    }
    return providers;
  }

  private static Defaults defaults(FieldReader fields) {
    return new Defaults(
        fields.texts("metrics"), fields.texts("tracing"), fields.texts("accessLogging"));
  }

  private static Tracing tracing(FieldReader mesh) {
    FieldReader tracing = mesh.mappingOrEmpty("defaultConfig").mappingOrEmpty("tracing");
    return new Tracing(mesh.flag("enableTracing", false), tracing.number("sampling", 0, 100, -1));
  }
}
