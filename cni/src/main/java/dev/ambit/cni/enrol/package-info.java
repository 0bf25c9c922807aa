/**
 * What it means to capture a pod: whether ({@link dev.ambit.cni.enrol.Enrolment}), with which rules
 * ({@link dev.ambit.cni.enrol.RedirectRules}), and how they get into its network namespace ({@link
 * dev.ambit.cni.enrol.PodNetwork}).
 */
@NullMarked
package dev.ambit.cni.enrol;

import org.jspecify.annotations.NullMarked;
