import { annotationSentence } from '../core/explain/explain-annotation.ts';
import { annotationFault } from '../core/model/known-annotations.ts';
import { childOf, type MapTree } from '../yaml/yaml-tree.ts';
import { type Findings, fieldPath } from './findings.ts';

/** Remarks on a Service that its schema cannot express. */
export function checkService(map: MapTree, findings: Findings): void {
  const spec = childOf(map, 'spec');
  if (spec === undefined || (spec.kind === 'map' && !spec.entries.has('type'))) {
    const effect = 'missing, so Kubernetes sets it to ClusterIP, and the Service gets no address';
    const advice =
      'To get an address, write `type: LoadBalancer` below `spec:`. It is read here as ClusterIP.';
    findings.remark(spec?.at ?? map.at, 'spec.type', `${effect}. ${advice}`);
  }
  const type = childOf(spec, 'type');
  const ports = childOf(spec, 'ports');
  const hasNoPorts = ports === undefined || (ports.kind === 'list' && ports.items.length === 0);
  if (spec !== undefined && type?.kind === 'scalar' && type.value === 'LoadBalancer' && hasNoPorts) {
    const problem = 'a LoadBalancer Service needs at least one port, so Kubernetes rejects the object';
    findings.rejection(spec.at, 'spec.ports', `${problem}. Add one (\`- port: 80\`).`);
  }
  const own = childOf(childOf(map, 'metadata'), 'annotations');
  if (own?.kind === 'map') checkAnnotations(own, findings);
}

/** Kubernetes accepts any annotation. This reports those that look as if they did something here, and do not. */
function checkAnnotations({ entries }: MapTree, findings: Findings): void {
  for (const [key, { keyAt }] of entries) {
    const fault = annotationFault(key);
    if (fault === undefined) continue;
    findings.remark(keyAt, fieldPath('metadata.annotations', key), annotationSentence(fault));
  }
}
