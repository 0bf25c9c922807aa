package dev.ambit.model.object;

/**
 * What a policy is attached to (spec: l7-authorization §1).
 *
 * @param group "" is the core group
 * @param namespace "" when not said, which is the policy's own
 */
public record TargetReference(String group, String kind, String namespace, String name) {
  public TargetReference {
    group = group.equals("core") ? "" : group;
  }

  @Override
  public String toString() {
    return kind + "/" + name;
  }
}
