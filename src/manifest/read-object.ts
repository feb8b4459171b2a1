import type { ConfigMap, Service } from '../core/model/objects.ts';
import { nearestWord } from '../core/text/nearest.ts';
import { printable, quoted } from '../core/text/quote.ts';
import { configMap } from '../schema/config-map.ts';
import { service } from '../schema/service.ts';
import {
  childOf,
  describe,
  isNull,
  type MapTree,
  setText,
  type Tree,
  textAt,
  toValue,
} from '../yaml/yaml-tree.ts';
import { hasPools } from './cluster-objects.ts';
import { reportDuplicateKeys } from './duplicate-keys.ts';
import { Findings, fieldPath, type ManifestSource, type Messages, whereOf } from './findings.ts';
import { readFields } from './read-fields.ts';
import { checkService } from './service-rules.ts';

/** An object and its position. */
export interface FoundObject {
  readonly object: Service | ConfigMap;
  readonly source: ManifestSource;
  readonly tree: MapTree;
}

/** The result so far, of all texts. */
export interface ManifestReading extends Messages {
  /** The ConfigMap that holds the pools; others are skipped. */
  readonly configMap: { readonly namespace: string; readonly name: string };
  /** The namespace of Services that name none. */
  readonly namespace: string;
  readonly found: Map<string, FoundObject>;
  /** How many objects of each other kind there are. */
  readonly others: Map<string, number>;
  /** Objects of other kinds, and other ConfigMaps. */
  readonly skipped: MapTree[];
  /** Skipped ConfigMaps that look like pools. */
  readonly lookalikes: string[];
  /** Services of the current text that have no namespace: they share one remark. */
  unqualified: { name: string; at: number }[];
}

const schemas = { Service: service, ConfigMap: configMap };
const kinds = ['Service', 'ConfigMap', 'List', 'ServiceList', 'ConfigMapList'];

/** Reads an object, or a List of objects. `itemKind` is the kind of the items of a ServiceList or ConfigMapList. */
export function readObject(
  reading: ManifestReading,
  source: ManifestSource,
  tree: Tree,
  path = '',
  itemKind = '',
): void {
  const findings = new Findings(source, path);
  const kind = kindOf(reading, tree, itemKind, findings);
  findings.addTo(reading);
  if (tree.kind !== 'map') return;
  if (kind === undefined) {
    reading.skipped.push(tree);
    return;
  }
  if (kind === 'Service' || kind === 'ConfigMap') readResource(reading, source, tree, path, kind);
  else readList(reading, source, tree, path, kind);
}

/** Undefined for an object that is skipped, or that findings say cannot be read. */
function kindOf(
  { others }: ManifestReading,
  tree: Tree,
  itemKind: string,
  findings: Findings,
): string | undefined {
  const example = '`kind: Service` or `kind: ConfigMap`';
  if (tree.kind !== 'map') {
    const problem = `a Kubernetes object must be a map, but this is ${describe(tree)}`;
    findings.error(tree.at, '', `${problem}. Start it with \`apiVersion: v1\` and ${example}.`);
    return undefined;
  }
  const written = textAt(tree, 'kind') || itemKind;
  if (written === '') {
    const name = textAt(tree, 'metadata', 'name');
    const object = name === '' ? 'this object' : `object ${quoted(name)}`;
    findings.error(tree.at, '', `${object} has no kind. Write ${example}.`);
    return undefined;
  }
  const group = /^(.*)\//.exec(textAt(tree, 'apiVersion'))?.[1];
  const isCore = group === undefined;
  if (isCore && kinds.includes(written)) return written;
  // "Serivce" is a typo; "Pod", and the Service of another API group, are not.
  const near = isCore && written.length >= 5 ? nearestWord(written, kinds) : undefined;
  if (near === undefined) {
    const fullKind = isCore ? written : `${written}.${group}`;
    others.set(fullKind, (others.get(fullKind) ?? 0) + 1);
    return undefined;
  }
  const at = childOf(tree, 'kind')?.at ?? tree.at;
  findings.remark(at, '', `unknown kind ${quoted(written)}. Write ${near}, as it is read here.`);
  return near;
}

function readList(
  reading: ManifestReading,
  source: ManifestSource,
  tree: MapTree,
  path: string,
  kind: string,
): void {
  const field = fieldPath(path, 'items');
  const items = childOf(tree, 'items');
  if (items?.kind === 'list') {
    const itemKind = kind === 'List' ? '' : kind.slice(0, -'List'.length);
    for (const [index, item] of items.items.entries()) {
      // The items of a ServiceList repeat neither its kind nor its apiVersion.
      if (itemKind !== '' && item.kind === 'map' && !item.entries.has('apiVersion'))
        setText(item, 'apiVersion', 'v1');
      readObject(reading, source, item, `${field}[${index}]`, itemKind);
    }
  } else if (items !== undefined && !isNull(items)) {
    const findings = new Findings(source);
    findings.error(
      items.at,
      field,
      `must be a list, but is ${describe(items)}. Start each object with "- ".`,
    );
    findings.addTo(reading);
  }
}

function readResource(
  reading: ManifestReading,
  source: ManifestSource,
  tree: MapTree,
  path: string,
  kind: keyof typeof schemas,
): void {
  const [name, namespace] = [textAt(tree, 'metadata', 'name'), textAt(tree, 'metadata', 'namespace')];
  if (kind === 'ConfigMap' && name !== '' && isSkipped(reading, source, tree, name, namespace)) {
    reading.skipped.push(tree);
    return;
  }
  const fullName = printable(namespace === '' ? name : `${namespace}/${name}`);
  const noName = path === '' ? `a ${kind}` : `${path}, a ${kind}`;
  const findings = new Findings(source, name === '' ? noName : `${kind} ${fullName}`);
  const version = childOf(tree, 'apiVersion');
  if (textAt(tree, 'apiVersion') !== 'v1') {
    const problem = version === undefined ? 'missing' : `must be v1, but is ${describe(version)}`;
    const advice = 'Write `apiVersion: v1`, as it is read here.';
    findings.rejection(
      version?.at ?? tree.at,
      'apiVersion',
      `${problem}, so Kubernetes rejects the object. ${advice}`,
    );
  }
  setText(tree, 'apiVersion', 'v1');
  setText(tree, 'kind', kind);
  reportDuplicateKeys(tree, findings);
  readFields(tree, schemas[kind], '', findings);
  if (kind === 'Service') checkService(tree, findings);
  if (!findings.hasErrors) keep(reading, source, tree, kind, findings);
  findings.addTo(reading);
}

/** True for a ConfigMap that does not hold the pools; nothing else about it matters. */
function isSkipped(
  { configMap, remarks, lookalikes }: ManifestReading,
  source: ManifestSource,
  tree: MapTree,
  name: string,
  namespace: string,
): boolean {
  if (name === configMap.name && (namespace === '' || namespace === configMap.namespace)) return false;
  const fullName = printable(`${namespace === '' ? 'default' : namespace}/${name}`);
  const data = childOf(tree, 'data');
  if (name === configMap.name) {
    remarks.push(
      `${whereOf(source, tree.at)}: ConfigMap ${fullName} is skipped: the pools are in ${configMap.namespace}/${configMap.name}. ` +
        `Move it to namespace ${configMap.namespace}, or set KUBEVIP_NAMESPACE=${printable(namespace)} for the controller.`,
    );
  } else if (data?.kind === 'map' && hasPools([...data.entries.keys()])) lookalikes.push(fullName);
  return true;
}

/** Replaces an earlier object of the same name, as a second `kubectl apply` would. */
function keep(
  { found, configMap, namespace, unqualified }: ManifestReading,
  source: ManifestSource,
  tree: MapTree,
  kind: keyof typeof schemas,
  findings: Findings,
): void {
  // The tree was read by the schema of its kind.
  const object = toValue(tree) as unknown as Service | ConfigMap;
  const { metadata } = object;
  if (metadata.namespace === undefined || metadata.namespace === '') {
    metadata.namespace = kind === 'Service' ? namespace : configMap.namespace;
    if (kind === 'Service') unqualified.push({ name: metadata.name, at: tree.at });
    else {
      const problem = 'missing, so kubectl creates the ConfigMap in its current namespace';
      const advice = `The controller reads namespace ${configMap.namespace} only. Write \`namespace: ${configMap.namespace}\`, as it is read here.`;
      findings.remark(tree.at, 'metadata.namespace', `${problem}. ${advice}`);
    }
  }
  const key = `${kind} ${metadata.namespace}/${metadata.name}`;
  const earlier = found.get(key);
  if (earlier !== undefined) {
    const advice = 'The later one applies, as with kubectl apply. Remove one, or rename it.';
    findings.remark(tree.at, '', `also defined in ${whereOf(earlier.source, earlier.tree.at)}. ${advice}`);
  }
  found.set(key, { object, source, tree });
}
