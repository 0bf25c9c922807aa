package dev.ambit.model.workload;

/** Where a workload runs. Absent parts are "". */
public record Locality(String region, String zone, String subzone) {
  public static final Locality UNKNOWN = new Locality("", "", "");
}
