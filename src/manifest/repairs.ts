import { quoted } from '../core/text/quote.ts';
import { booleanField, choiceField, choicesField, numberField, timeField } from './enum-fields.ts';
import {
  type FieldPath,
  type Findings,
  mapField,
  mapsField,
  pathTo,
  textField,
  textMapField,
  textsField,
} from './fields.ts';
import type { MapTree, Tree } from './tree.ts';
import { reportUnknown, reportUnreadAnnotations } from './unknown-fields.ts';

/**
 * The shapes of the two objects that matter here. Fields that this project does not read are left as they are,
 * so that what is printed in the end is the user's own Service.
 */
export function mendService(map: MapTree, findings: Findings): void {
  const spot: FieldPath = { map, path: '', findings };
  reportRepeated(map, '', findings);
  reportUnknown(spot, 'Service');
  mendMetadata(spot);
  const spec = mapField(spot, 'spec');
  if (spec !== undefined) mendSpec(spec);
  const type = spec?.map.entries.get('type');
  if (type === undefined && !(spec === undefined && map.entries.has('spec'))) {
    findings.remark(
      spec?.map.at ?? map.at,
      'spec.type',
      'this is missing, so Kubernetes makes it ClusterIP, which gets no address. For an address write `type: LoadBalancer` below `spec:`; it stays ClusterIP here.',
    );
  }
  const status = mapField(spot, 'status');
  const balancer = status === undefined ? undefined : mapField(status, 'loadBalancer');
  for (const ingress of balancer === undefined ? [] : (mapsField(balancer, 'ingress') ?? [])) {
    for (const key of ['ip', 'hostname', 'ipMode']) textField(ingress, key);
  }
}

export function mendConfigMap(map: MapTree, findings: Findings): void {
  const spot: FieldPath = { map, path: '', findings };
  reportRepeated(map, '', findings);
  mendMetadata(spot);
  textMapField(spot, 'data');
  textMapField(spot, 'binaryData');
}

function mendMetadata(spot: FieldPath): void {
  const metadata = mapField(spot, 'metadata');
  if (metadata === undefined) return;
  reportUnknown(metadata, 'metadata');
  const annotations = mapField(metadata, 'annotations');
  if (annotations !== undefined) reportUnreadAnnotations(annotations);
  for (const key of ['name', 'namespace', 'uid', 'resourceVersion', 'generateName']) textField(metadata, key);
  for (const key of ['creationTimestamp', 'deletionTimestamp']) timeField(metadata, key);
  for (const key of ['labels', 'annotations']) textMapField(metadata, key);
  numberField(metadata, 'generation', 0, Number.MAX_SAFE_INTEGER);
  numberField(metadata, 'deletionGracePeriodSeconds', 0, Number.MAX_SAFE_INTEGER);
  textsField(metadata, 'finalizers');
  for (const entry of mapsField(metadata, 'managedFields') ?? []) {
    for (const key of ['manager', 'operation', 'time']) textField(entry, key);
  }
}

function mendSpec(spec: FieldPath): void {
  reportUnknown(spec, 'spec');
  const type = choiceField(spec, 'type', ['LoadBalancer', 'ClusterIP', 'NodePort', 'ExternalName']);
  choiceField(spec, 'ipFamilyPolicy', ['SingleStack', 'PreferDualStack', 'RequireDualStack']);
  choicesField(spec, 'ipFamilies', ['IPv4', 'IPv6']);
  choiceField(spec, 'externalTrafficPolicy', ['Cluster', 'Local']);
  choiceField(spec, 'internalTrafficPolicy', ['Cluster', 'Local']);
  for (const key of ['loadBalancerClass', 'loadBalancerIP', 'clusterIP', 'sessionAffinity'])
    textField(spec, key);
  textsField(spec, 'clusterIPs');
  textMapField(spec, 'selector');
  booleanField(spec, 'allocateLoadBalancerNodePorts');
  const ports = mapsField(spec, 'ports');
  for (const port of ports ?? []) mendPort(port);
  if (
    type === 'LoadBalancer' &&
    (ports === undefined || ports.length === 0) &&
    !isWrong(spec.map.entries.get('ports')?.value)
  ) {
    spec.findings.remark(
      spec.map.at,
      'spec.ports',
      'a LoadBalancer Service needs at least one port, and Kubernetes refuses it without. Add one (`- port: 80`).',
    );
  }
}

/** Already reported as an error: do not also call it missing. */
function isWrong(ports: Tree | undefined): boolean {
  return ports !== undefined && (ports.kind !== 'list' || ports.items.length > 0);
}

function mendPort(port: FieldPath): void {
  reportUnknown(port, 'port');
  const number = numberField(port, 'port', 1, 65535);
  if (number === undefined && !port.map.entries.has('port')) {
    port.findings.error(
      port.map.at,
      pathTo(port, 'port'),
      'this is missing. Add the number that clients connect to (`port: 80`).',
    );
  }
  choiceField(port, 'protocol', ['TCP', 'UDP', 'SCTP']);
  numberField(port, 'nodePort', 0, 65535);
  for (const key of ['name', 'appProtocol']) textField(port, key);
  const target = port.map.entries.get('targetPort')?.value;
  const isNumber = target?.kind === 'scalar' && typeof target.value === 'number';
  if (isNumber) numberField(port, 'targetPort', 1, 65535);
  else textField(port, 'targetPort');
}

/** A key that stands twice in one map, anywhere in the object. */
export function reportRepeated(tree: Tree, path: string, findings: Findings): void {
  const seen = new Set<Tree>();
  const visit = (inner: Tree, way: string): void => {
    // Aliases lead to one map by several ways; it is one slip.
    if (inner.kind === 'scalar' || seen.has(inner)) return;
    seen.add(inner);
    if (inner.kind === 'list') {
      inner.items.forEach((item, index) => {
        visit(item, `${way}[${index}]`);
      });
      return;
    }
    for (const [key, entry] of inner.entries) {
      const field = pathTo({ map: inner, path: way, findings }, key);
      if (entry.earlier.length > 0)
        findings.remark(entry.keyAt, field, repeated(entry.value, entry.earlier.length + 1));
      visit(entry.value, field);
    }
  };
  visit(tree, path);
}

function repeated(used: Tree, times: number): string {
  const count = times === 2 ? 'twice' : `${times} times`;
  const last = used.kind === 'scalar' ? `the last one, ${quoted(used.source)},` : 'the last one';
  return `the key stands ${count} in one map. Kubernetes refuses that or silently takes the last; ${last} is used here. Keep one, under the name that was meant.`;
}
