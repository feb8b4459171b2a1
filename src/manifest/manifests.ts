import type { ConfigMap, Service } from '../core/model/objects.ts';
import type { ServiceKey } from '../core/model/service-view.ts';
import { printable } from '../core/text/quote.ts';
import { parseDocuments } from '../yaml/parse-yaml.ts';
import { sourcePositions } from '../yaml/source-position.ts';
import { isNull, type MapTree } from '../yaml/yaml-tree.ts';
import { whereOf } from './findings.ts';
import { annotationPosition, type PoolPosition, positionIn } from './pool-position.ts';
import { type ManifestReading, readObject } from './read-object.ts';

export interface ManifestText {
  /** As the user wrote it on the command line; every message starts with it. */
  name: string;
  text: string;
}

export interface ManifestOptions {
  /** The ConfigMap that holds the pools; others are skipped. */
  configMap: { namespace: string; name: string };
  /** The maximum length of a text, in characters. */
  longest?: number;
  /** Services are not needed, so there are no remarks about missing ones. */
  isPoolsAlone?: boolean;
  /** Services alone are enough, so there is no remark about a missing ConfigMap beside them. */
  mayLackPools?: boolean;
  /** The namespace of Services that name none [default]. */
  namespace?: string;
  /** How the user selects another ConfigMap. */
  toName?: string;
}

export interface Manifests {
  /** In the order of the input; each has apiVersion, kind, name and namespace. */
  objects: (Service | ConfigMap)[];
  /** Finds a key of the pools' ConfigMap, or an entry of its value, in the text. */
  placeOf: (key: string, entry?: string) => PoolPosition | undefined;
  /** Finds an annotation of a Service, by namespace and name, in the text. */
  placeOfAnnotation: (service: ServiceKey, name: string) => PoolPosition | undefined;
  /** What was repaired or skipped; reading went on. */
  remarks: string[];
  /** The remarks after which Kubernetes rejects the object. */
  rejections: string[];
  /** What cannot be read. */
  errors: string[];
  /** Objects of other kinds, and other ConfigMaps, as they are written. */
  skipped: MapTree[];
}

const mebibyte = 1024 * 1024;

/** About 11,000 Services in kubectl's JSON, which take 6 seconds and 1 GB to read. */
const longestDefault = 20 * mebibyte;

/** Reads Services and the pools' ConfigMap from YAML and JSON. Never throws; an invalid object affects no other. */
export function readManifests(texts: readonly ManifestText[], options: ManifestOptions): Manifests {
  const { configMap, namespace = 'default' } = options;
  const messages = { remarks: [], rejections: [], errors: [], skipped: [], lookalikes: [], unqualified: [] };
  const reading: ManifestReading = { configMap, namespace, found: new Map(), others: new Map(), ...messages };
  for (const text of texts) readText(reading, text, options.longest ?? longestDefault);
  const objects = [...reading.found.values()].map(({ object }) => object);
  remarkOnAll(reading, objects, options);
  const pools = [...reading.found.values()].find(({ object }) => object.kind === 'ConfigMap');
  const placeOf: Manifests['placeOf'] = (key, entry) => pools && positionIn(pools, key, entry);
  const placeOfAnnotation: Manifests['placeOfAnnotation'] = (service, name) => {
    const found = reading.found.get(`Service ${service}`);
    return found && annotationPosition(found, name);
  };
  const { remarks, rejections, errors, skipped } = reading;
  return { objects, placeOf, placeOfAnnotation, remarks, rejections, errors, skipped };
}

function readText(reading: ManifestReading, input: ManifestText, longest: number): void {
  const fail = (problem: string): void => {
    reading.errors.push(`${printable(input.name)}: ${problem}`);
  };
  const megabytes = (length: number): string => `${(length / mebibyte).toFixed(1)} MiB`;
  if (input.text.length > longest) {
    fail(
      `the text has ${megabytes(input.text.length)}, and the limit is ${megabytes(longest)}. Include only Services and ` +
        'ConfigMaps (`kubectl get svc,cm -A -o yaml`), or fewer namespaces.',
    );
    return;
  }
  const text = input.text.replace(/^\ufeff/, '');
  if (/[\0\ufffd]/.test(text.slice(0, 10_000))) {
    fail('this is not UTF-8 text. It looks like a binary file or UTF-16. Save it as UTF-8.');
    return;
  }
  const documents = parseDocuments(text);
  if (documents.every(({ root, faults }) => faults.length === 0 && (root === null || isNull(root)))) {
    fail('contains no objects. Give a file with Services and the ConfigMap.');
    return;
  }
  const whole = { name: input.name, text, positions: sourcePositions(text), document: '' };
  reading.unqualified = [];
  for (const [index, { root, faults }] of documents.entries()) {
    const source = { ...whole, document: documents.length > 1 ? `, document ${index + 1}` : '' };
    for (const { at, message } of faults)
      reading.errors.push(`${whereOf(source, at)}: ${message}\n${whole.positions.excerpt(at)}`);
    if (root !== null && !isNull(root)) readObject(reading, source, root);
  }
  const [first] = reading.unqualified;
  if (first === undefined) return;
  const names = reading.unqualified.map(({ name }) => name);
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  const services =
    names.length === 1
      ? `Service ${first.name} has no namespace, so it is read`
      : `${names.length} Services (${names.slice(0, 5).join(', ')}${more}) have no namespace, so they are read`;
  const advice = 'To choose another, set metadata.namespace.';
  const where = `in namespace ${printable(reading.namespace)}`;
  reading.remarks.push(`${whereOf(whole, first.at)}: ${services} ${where}. ${advice}`);
}

/** Remarks on the input as a whole. */
function remarkOnAll(
  { remarks, errors, configMap, lookalikes, others }: ManifestReading,
  objects: readonly (Service | ConfigMap)[],
  {
    isPoolsAlone = false,
    mayLackPools = false,
    toName = 'set KUBEVIP_NAMESPACE and KUBEVIP_CONFIG_MAP',
  }: ManifestOptions,
): void {
  // The addresses of Nodes are read (cluster-objects.ts).
  const kinds = [...others].filter(([kind]) => kind !== 'Node').sort(([a], [b]) => (a < b ? -1 : 1));
  if (kinds.length > 0 && !isPoolsAlone) {
    const counts = kinds.map(([kind, count]) => `${printable(kind)} (${count})`).join(', ');
    remarks.push(`Skipped everything but Services, Nodes, and the ConfigMap with the pools: ${counts}.`);
  }
  // What seems to be missing may be what could not be read.
  if (errors.length > 0) return;
  if (!objects.some(({ kind }) => kind === 'ConfigMap') && !(mayLackPools && objects.length > 0)) {
    const advice =
      lookalikes.length === 0
        ? 'Add it.'
        : `Did you mean ${lookalikes.slice(0, 3).join(', ')}? Give it that namespace and name, or ${toName}.`;
    remarks.push(
      `The input contains no ConfigMap ${configMap.namespace}/${configMap.name}, so there are no pools, and Services can only get static addresses. ${advice}`,
    );
  }
  if (!isPoolsAlone && !objects.some(({ kind }) => kind === 'Service'))
    remarks.push('The input contains no Service, so there is nothing to assign an address to. Add one.');
}
