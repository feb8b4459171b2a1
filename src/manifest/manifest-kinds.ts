import type { ConfigMap, Service } from '../core/model/objects.ts';
import { printable } from '../core/text/quote.ts';
import type { Findings } from './fields.ts';
import { checkedName } from './object-names.ts';
import { mendConfigMap, mendService } from './repairs.ts';
import type { SourcePositions } from './source-position.ts';
import { type MapTree, toValue } from './tree.ts';

/** An object, and where it stands. */
export interface FoundObject {
  object: Service | ConfigMap;
  where: string;
  source: ManifestSource;
  tree: MapTree;
}

/** What has been read so far, of all texts. */
export interface ManifestReading {
  /** Where the pools are: every other ConfigMap is left out. */
  configMap: { namespace: string; name: string };
  found: Map<string, FoundObject>;
  remarks: string[];
  errors: string[];
  /** Kinds that do not count here, with how many of each there were. */
  others: Map<string, number>;
  /** ConfigMaps of other names that look like pools, for the remark that there are none. */
  lookalikes: string[];
}

/** The document that an object stands in, and so how its messages begin. */
export interface ManifestSource {
  name: string;
  text: string;
  places: SourcePositions;
  /** ", document 2" when the text has several. */
  document: string;
  /** Services of this text that name no namespace: one remark for all of them. */
  homeless: { name: string; at: number }[];
}

export function whereOf(source: ManifestSource, at: number): string {
  const { line, column } = source.places.at(at);
  return `${printable(source.name)}:${line}:${column}${source.document}`;
}

export function nameIn(tree: MapTree): string {
  const metadata = tree.entries.get('metadata')?.value;
  const name = metadata?.kind === 'map' ? metadata.entries.get('name')?.value : undefined;
  return name?.kind === 'scalar' ? name.source : '';
}

function namespaceIn(tree: MapTree): string {
  const metadata = tree.entries.get('metadata')?.value;
  const namespace = metadata?.kind === 'map' ? metadata.entries.get('namespace')?.value : undefined;
  return namespace?.kind === 'scalar' ? namespace.source : '';
}

/** Collects what is found in one object, so that an object with errors is known before it is kept. */
function findingsFor(
  reading: ManifestReading,
  source: ManifestSource,
  title: string,
): Findings & { failed(): boolean; settle(): void } {
  const remarks: { at: number; text: string }[] = [];
  const errors: { at: number; text: string }[] = [];
  const begin = (at: number, field: string): string =>
    `${whereOf(source, at)}: ${title}: ${printable(field)}: `;
  return {
    remark: (at, field, sentence) => {
      remarks.push({ at, text: begin(at, field) + sentence });
    },
    error: (at, field, sentence) => {
      errors.push({ at, text: `${begin(at, field)}${sentence}\n${source.places.excerpt(at)}` });
    },
    failed: () => errors.length > 0,
    settle: () => {
      // In the order of the file, whatever the order of the checks.
      for (const list of [remarks, errors]) list.sort((a, b) => a.at - b.at);
      reading.remarks.push(...remarks.map(({ text }) => text));
      reading.errors.push(...errors.map(({ text }) => text));
    },
  };
}

/** How an object is called in messages, with a name or without. */
export function titleOf(kind: string, tree: MapTree, path: string): string {
  const name = nameIn(tree);
  const namespace = namespaceIn(tree);
  if (name === '') return path === '' ? `a ${kind}` : `${path}, a ${kind}`;
  return `${kind} ${printable(namespace === '' ? name : `${namespace}/${name}`)}`;
}

export function readService(
  reading: ManifestReading,
  source: ManifestSource,
  tree: MapTree,
  path: string,
): void {
  const findings = findingsFor(reading, source, titleOf('Service', tree, path));
  mendService(tree, findings);
  const name = checkedName(tree, 'Service', findings);
  if (name !== undefined && !findings.failed()) {
    if (name.namespace === undefined) source.homeless.push({ name: name.name, at: tree.at });
    keep(reading, source, tree, 'Service', name.namespace ?? 'default', name.name);
  }
  findings.settle();
}

export function readConfigMap(
  reading: ManifestReading,
  source: ManifestSource,
  tree: MapTree,
  path: string,
): void {
  const wanted = reading.configMap;
  const name = nameIn(tree);
  const namespace = namespaceIn(tree);
  // Other people's ConfigMaps are none of our business, whatever is in them; only what cannot be told is an error.
  const isOurs = name === wanted.name && (namespace === '' || namespace === wanted.namespace);
  if (name !== '' && !isOurs) {
    if (name === wanted.name) reading.remarks.push(elsewhere(source, tree, namespace, wanted));
    else if (looksLikePools(tree))
      reading.lookalikes.push(printable(`${namespace === '' ? 'default' : namespace}/${name}`));
    return;
  }
  const findings = findingsFor(reading, source, titleOf('ConfigMap', tree, path));
  mendConfigMap(tree, findings);
  const checked = checkedName(tree, 'ConfigMap', findings);
  if (checked !== undefined && !findings.failed()) {
    if (checked.namespace === undefined) {
      findings.remark(
        tree.at,
        'metadata.namespace',
        `this is missing, so kubectl would create it in its current namespace, where the controller does not look. Write \`namespace: ${wanted.namespace}\`, as it is read here.`,
      );
    }
    keep(reading, source, tree, 'ConfigMap', wanted.namespace, checked.name);
  }
  findings.settle();
}

function elsewhere(
  source: ManifestSource,
  tree: MapTree,
  namespace: string,
  wanted: { namespace: string; name: string },
): string {
  return (
    `${whereOf(source, tree.at)}: ConfigMap ${printable(namespace)}/${printable(wanted.name)} is not read: the pools are those of ${wanted.namespace}/${wanted.name}. ` +
    `Move it to namespace ${wanted.namespace}, or set KUBEVIP_NAMESPACE=${printable(namespace)} for the controller.`
  );
}

function looksLikePools(tree: MapTree): boolean {
  const data = tree.entries.get('data')?.value;
  return data?.kind === 'map' && [...data.entries.keys()].some((key) => /^(cidr|range)-/.test(key));
}

/** Puts the object in the place of an earlier one of the same name, as a second `kubectl apply` would. */
function keep(
  reading: ManifestReading,
  source: ManifestSource,
  tree: MapTree,
  kind: 'Service' | 'ConfigMap',
  namespace: string,
  name: string,
): void {
  const value = toValue(tree);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const metadata = typeof value.metadata === 'object' && value.metadata !== null ? value.metadata : {};
  // The shapes were checked field by field, so the plain value is the object that its kind promises.
  const object = {
    ...value,
    apiVersion: 'v1',
    kind,
    metadata: { ...metadata, name, namespace },
  } as Service | ConfigMap;
  const key = `${kind} ${namespace}/${name}`;
  const where = whereOf(source, tree.at);
  const before = reading.found.get(key);
  if (before !== undefined) {
    reading.remarks.push(
      `${where}: ${key} stands twice, here and in ${before.where}. The later one counts, as with kubectl apply. Leave one out, or give it another name.`,
    );
  }
  reading.found.set(key, { object, where, source, tree });
}
