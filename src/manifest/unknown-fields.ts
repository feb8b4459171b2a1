import { annotationSentence } from '../core/explain/explain-annotation.ts';
import { annotationFault } from '../core/model/known-annotations.ts';
import { nearestWord } from '../core/text/nearest.ts';
import type { FieldPath } from './fields.ts';

/** The fields of the Kubernetes API reference (core/v1 Service, meta/v1 ObjectMeta), v1.36. */
const known = {
  Service: ['apiVersion', 'kind', 'metadata', 'spec', 'status'],
  metadata: [
    ...['annotations', 'creationTimestamp', 'deletionGracePeriodSeconds', 'deletionTimestamp', 'finalizers'],
    ...['generateName', 'generation', 'labels', 'managedFields', 'name', 'namespace', 'ownerReferences'],
    ...['resourceVersion', 'selfLink', 'uid'],
  ],
  spec: [
    ...['allocateLoadBalancerNodePorts', 'clusterIP', 'clusterIPs', 'externalIPs', 'externalName'],
    ...[
      'externalTrafficPolicy',
      'healthCheckNodePort',
      'internalTrafficPolicy',
      'ipFamilies',
      'ipFamilyPolicy',
    ],
    ...[
      'loadBalancerClass',
      'loadBalancerIP',
      'loadBalancerSourceRanges',
      'ports',
      'publishNotReadyAddresses',
    ],
    ...['selector', 'sessionAffinity', 'sessionAffinityConfig', 'trafficDistribution', 'type'],
  ],
  port: ['appProtocol', 'name', 'nodePort', 'port', 'protocol', 'targetPort'],
} as const;

/** A field that Kubernetes does not know is refused by kubectl's strict validation, and here it would be left out. */
export function reportUnknown({ map, path, findings }: FieldPath, kind: keyof typeof known): void {
  for (const [key, entry] of map.entries) {
    if ((known[kind] as readonly string[]).includes(key)) continue;
    const near = nearestWord(key, known[kind]);
    const advice = near === undefined ? 'Remove it.' : `Write ${near}.`;
    findings.remark(
      entry.keyAt,
      path === '' ? key : `${path}.${key}`,
      `Kubernetes does not know this field and refuses the object with it. ${advice} It means nothing here either.`,
    );
  }
}

/** Kubernetes takes it, and it does nothing here. */
export function reportUnreadAnnotations({ map, path, findings }: FieldPath): void {
  for (const [key, entry] of map.entries) {
    const fault = annotationFault(key);
    if (fault !== undefined) findings.remark(entry.keyAt, `${path}.${key}`, annotationSentence(fault));
  }
}
