package dev.ambit.daemon.manifest;

import dev.ambit.daemon.manifest.ManifestFolder.Refused;
import dev.ambit.daemon.manifest.Yaml.Malformed;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.Secret;
import dev.ambit.model.object.ServiceAccount;
import dev.ambit.model.traffic.LocalRateLimit;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads the objects of one manifest file, doing what the API server would: defaults, the namespace
 * {@code default}, the label {@code kubernetes.io/metadata.name}, a stable uid (spec: enrolment
 * §7). Fields Ambit does not know are passed over in objects of the core, and refuse all others:
 * there a typing error would change what is allowed or where traffic goes. Pure.
 */
public final class ManifestReader {
  private static final String NAMESPACE_LABEL = "kubernetes.io/metadata.name";

  private final String file;
  private final Instant modified;
  private final List<ManifestProblem> problems = new ArrayList<>();
  private final List<Loaded> objects = new ArrayList<>();
  private final List<Refused> refused = new ArrayList<>();
  private boolean nameless;

  /**
   * One object.
   *
   * @param line where it begins
   * @param spec its spec as text in one form; as JSON where waypoints are sent it
   * @param dated whether its creationTimestamp was given
   */
  public record Loaded(ClusterObject object, int line, String spec, boolean dated) {}

  /**
   * What a file says.
   *
   * @param refused objects whose name could be read, but not all the rest
   * @param nameless whether a part of the file could not even be given a name
   */
  public record Content(
      List<Loaded> loaded,
      List<ManifestProblem> problems,
      List<Refused> refused,
      boolean nameless) {
    public Content {
      loaded = List.copyOf(loaded);
      problems = List.copyOf(problems);
      refused = List.copyOf(refused);
    }

    public List<ClusterObject> objects() {
      return loaded.stream().map(Loaded::object).toList();
    }

    static Content unreadable(ManifestProblem problem) {
      return new Content(List.of(), List.of(problem), List.of(), true);
    }
  }

  private ManifestReader(String file, Instant modified) {
    this.file = file;
    this.modified = modified;
  }

  /**
   * @param file its name, for problems and {@link Metadata#origin}
   * @param modified stands in for an absent creationTimestamp
   */
  public static Content read(String file, byte[] bytes, Instant modified) {
    List<Yaml> documents;
    try {
      documents = YamlReader.read(text(bytes));
    } catch (Malformed e) {
      return Content.unreadable(new ManifestProblem(file, e.line, "", e.got, e.expected));
    }
    ManifestReader reader = new ManifestReader(file, modified);
    documents.forEach(document -> reader.object(document, ""));
    return new Content(reader.objects, reader.problems, reader.refused, reader.nameless);
  }

  private static String text(byte[] bytes) throws Malformed {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      String text = decoder.decode(in).toString();
      return text.startsWith("\ufeff") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      int line = 1;
      for (int i = 0; i < in.position(); i++) {
        line += bytes[i] == '\n' ? 1 : 0;
      }
      throw new Malformed(line, "a byte that is not UTF-8", "text in UTF-8");
    }
  }

  private void object(Yaml document, String path) {
    ObjectProblems found = new ObjectProblems(file, problems);
    if (!(document instanceof Yaml.Fields mapping)) {
      found.add(document.line(), path, document.described(), "an object with apiVersion and kind");
      nameless = true;
      return;
    }
    FieldReader fields = new FieldReader(found, mapping, path);
    String apiVersion = fields.required("apiVersion", "such as v1", text -> !text.isEmpty());
    String kind = fields.required("kind", "such as Pod", text -> !text.isEmpty());
    if (isMeshConfig(apiVersion, kind, fields) || Kinds.read(apiVersion, kind)) {
      if (kind.equals("List")) {
        items(mapping, path, found);
      } else {
        known(kind, fields, found);
      }
    } else if (!Kinds.passedOver(apiVersion, kind)) {
      if (!apiVersion.isEmpty() && !kind.isEmpty()) {
        fields.problem(
            "kind", "unknown kind " + kind + " of " + apiVersion, "a kind of Kubernetes or Istio");
      }
      nameless = true;
    }
  }

  /** Of all ConfigMaps only this one means something. */
  private static boolean isMeshConfig(String apiVersion, String kind, FieldReader fields) {
    return apiVersion.equals("v1")
        && kind.equals("ConfigMap")
        && fields.has("metadata")
        && fields.mappingOrEmpty("metadata").text("name", "").equals(MeshConfig.NAME);
  }

  /** A limit with a typing error would be none. */
  private static void checkLimit(FieldReader annotations) {
    if (annotations.has(LocalRateLimit.BY_ANNOTATION)
        && !annotations.has(LocalRateLimit.ANNOTATION)) {
      annotations.problem(
          LocalRateLimit.BY_ANNOTATION, "one alone", LocalRateLimit.ANNOTATION + " beside it");
    }
    annotations.formed(
        LocalRateLimit.ANNOTATION,
        "a limit such as \"100/s burst 50\", per s, m or h",
        text -> LocalRateLimit.parse(text, "").isPresent());
    annotations.formed(
        LocalRateLimit.BY_ANNOTATION,
        "source or header:NAME",
        text -> LocalRateLimit.parse("1/s", text).isPresent());
  }

  private void items(Yaml.Fields list, String path, ObjectProblems found) {
    Yaml items = list.fields().get("items");
    if (!(items instanceof Yaml.Items all)) {
      String got = items == null ? "nothing" : items.described();
      found.add(items == null ? list.line() : items.line(), path + "items", got, "a list");
      nameless = true;
      return;
    }
    for (int i = 0; i < all.items().size(); i++) {
      object(all.items().get(i), (path.isEmpty() ? "" : path + ".") + "items[" + i + "]");
    }
  }

  private void known(String kind, FieldReader fields, ObjectProblems found) {
    int before = found.count();
    Metadata metadata = metadata(kind, fields.mappingOrEmpty("metadata"), fields);
    if (metadata == null) {
      nameless = true;
      return;
    }
    ClusterObject object =
        switch (kind) {
          case "Namespace" -> new Namespace(metadata);
          case "ServiceAccount" -> new ServiceAccount(metadata);
          case "Pod" -> PodReader.read(metadata, fields);
          case "Service" -> ServiceReader.read(metadata, fields);
          case "Secret" -> SecretReader.read(metadata, fields);
          case "ServiceEntry" -> ServiceEntryReader.read(metadata, fields);
          case "WorkloadEntry" -> ServiceEntryReader.workload(metadata, fields);
          case "AuthorizationPolicy" -> PolicyReader.authorization(metadata, fields);
          case "PeerAuthentication" -> PolicyReader.peerAuthentication(metadata, fields);
          case "ConfigMap" -> MeshConfigReader.read(metadata, fields);
          case "RequestAuthentication" -> JwtReader.read(metadata, fields);
          case "DestinationRule" -> DestinationRuleReader.read(metadata, fields);
          case "VirtualService" -> VirtualServiceReader.read(metadata, fields);
          case "Gateway" -> GatewayReader.gateway(metadata, fields);
          case "GatewayClass" -> GatewayReader.gatewayClass(metadata, fields);
          case "ReferenceGrant" -> GatewayReader.grant(metadata, fields);
          case "HTTPRoute" -> HttpRouteReader.read(metadata, fields);
          case "GRPCRoute" -> GrpcRouteReader.read(metadata, fields);
          case "TCPRoute" -> StreamRouteReader.tcp(metadata, fields);
          case "Telemetry" -> TelemetryReader.read(metadata, fields);
          case "TLSRoute" -> StreamRouteReader.tls(metadata, fields);
          default -> throw new IllegalStateException(kind);
        };
    String spec = spec(kind, fields, object);
    if (found.count() == before) {
      boolean dated = fields.mappingOrEmpty("metadata").has("creationTimestamp");
      objects.add(new Loaded(object, fields.line(), spec, dated));
    } else {
      refused.add(new Refused(kind, metadata.namespace(), metadata.name(), false));
    }
  }

  /** What tells one version of it from another; what is secret stays out of it. */
  private static String spec(String kind, FieldReader fields, ClusterObject object) {
    if (object instanceof Secret secret) {
      return Integer.toHexString(secret.data().hashCode());
    }
    String part = kind.equals("ConfigMap") ? "data" : "spec";
    return Kinds.carried(kind) ? fields.json(part) : fields.canonical(part);
  }

  private @Nullable Metadata metadata(String kind, FieldReader fields, FieldReader top) {
    boolean isNamespace = kind.equals("Namespace");
    String name =
        isNamespace
            ? fields.required("name", Forms.LABEL, Forms::label)
            : fields.required("name", Forms.NAME, Forms::name);
    String namespace = fields.formed("namespace", Forms.LABEL, Forms::label);
    if (!Forms.name(name) || !(namespace.isEmpty() || Forms.label(namespace))) {
      return null;
    }
    boolean clusterWide = isNamespace || kind.equals("GatewayClass");
    String home = clusterWide ? "" : namespace.isEmpty() ? "default" : namespace;
    Map<String, String> labels = new LinkedHashMap<>(fields.textMap("labels"));
    if (isNamespace) {
      labels.put(NAMESPACE_LABEL, name);
    }
    checkLimit(fields.mappingOrEmpty("annotations"));
    String identity = kind + "/" + home + "/" + name;
    String uid = UUID.nameUUIDFromBytes(identity.getBytes(StandardCharsets.UTF_8)).toString();
    return new Metadata(
        home,
        name,
        fields.text("uid", uid),
        labels,
        fields.textMap("annotations"),
        fields.time("creationTimestamp").orElse(modified),
        file + ":" + top.line());
  }
}
