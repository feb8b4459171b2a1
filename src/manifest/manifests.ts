import type { ConfigMap, Service } from '../core/model/objects.ts';
import { printable } from '../core/text/quote.ts';
import { type ManifestReading, type ManifestSource, whereOf } from './manifest-kinds.ts';
import { readObject } from './manifest-objects.ts';
import { type PoolPosition, placeIn } from './pool-position.ts';
import { sourcePositions } from './source-position.ts';
import { isNull } from './tree.ts';
import { parseDocuments } from './yaml.ts';

export interface ManifestText {
  /** As the user wrote it on the command line; names the text in every message. */
  name: string;
  text: string;
}

export interface ManifestOptions {
  /** The ConfigMap that holds the pools; others are left out. */
  configMap: { namespace: string; name: string };
  /** How long one text may be, in characters. */
  longest?: number;
  /** Services do not matter, so nothing is said of them. */
  isPoolsAlone?: boolean;
  /** How one says that another ConfigMap is meant. */
  toName?: string;
}

export interface Manifests {
  /** In the order of the input; each has apiVersion, kind, name and namespace. */
  objects: (Service | ConfigMap)[];
  /** Finds a key of the pools' ConfigMap, or an entry of its value, in the text. */
  placeOf: (key: string, entry?: string) => PoolPosition | undefined;
  /** What was mended or left out; reading went on. */
  remarks: string[];
  /** What could not be read. */
  errors: string[];
}

const mebibyte = 1024 * 1024;

/** Some 11,000 Services as kubectl prints them in JSON, which take 6 seconds and 1 GB while they are read. */
const longestDefault = 20 * mebibyte;

/** Reads Services and the pools' ConfigMap out of YAML and JSON. Never throws; a bad object stops no other. */
export function readManifests(texts: readonly ManifestText[], options: ManifestOptions): Manifests {
  const reading: ManifestReading = {
    configMap: options.configMap,
    found: new Map(),
    remarks: [],
    errors: [],
    others: new Map(),
    lookalikes: [],
  };
  for (const text of texts) readText(reading, text, options.longest ?? longestDefault);
  const objects = [...reading.found.values()].map(({ object }) => object);
  remarkOnWhole(reading, objects, options);
  const configMap = [...reading.found.values()].find(({ object }) => object.kind === 'ConfigMap');
  const placeOf = (key: string, entry?: string): PoolPosition | undefined =>
    configMap && placeIn(configMap, key, entry);
  return { objects, placeOf, remarks: reading.remarks, errors: reading.errors };
}

function readText(reading: ManifestReading, input: ManifestText, longest: number): void {
  const name = printable(input.name);
  if (input.text.length > longest) {
    const size = (input.text.length / mebibyte).toFixed(1);
    reading.errors.push(
      `${name}: this is ${size} MiB, and at most ${(longest / mebibyte).toFixed(1)} MiB are read at once. ` +
        'Leave out what is no Service or ConfigMap (`kubectl get svc,cm -A -o yaml`), or give fewer namespaces.',
    );
    return;
  }
  const text = input.text.replace(/^\ufeff/, '');
  if (/[\0\ufffd]/.test(text.slice(0, 10_000))) {
    reading.errors.push(`${name}: this is no text in UTF-8 (a binary file, or UTF-16?). Save it as UTF-8.`);
    return;
  }
  const places = sourcePositions(text);
  const homeless: ManifestSource['homeless'] = [];
  const documents = parseDocuments(text);
  const isEmpty = documents.every(
    ({ root, faults }) => faults.length === 0 && (root === null || isNull(root)),
  );
  if (isEmpty) {
    reading.errors.push(`${name}: there is nothing in it. Give a file with Services and the ConfigMap.`);
    return;
  }
  documents.forEach((document, index) => {
    const label = documents.length > 1 ? `, document ${index + 1}` : '';
    const source: ManifestSource = { name, text, places, document: label, homeless };
    for (const { at, message } of document.faults) {
      reading.errors.push(`${whereOf(source, at)}: ${message}\n${places.excerpt(at)}`);
    }
    if (document.root !== null && !isNull(document.root)) readObject(reading, source, document.root, '');
  });
  remarkOnHomeless(reading, { name, text, places, document: '', homeless });
}

function remarkOnHomeless(reading: ManifestReading, source: ManifestSource): void {
  const [first] = source.homeless;
  if (first === undefined) return;
  const names = source.homeless.map(({ name }) => printable(name));
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
  const who =
    names.length === 1
      ? `Service ${shown} names no namespace and is taken for default`
      : `${names.length} Services (${shown}) name no namespace and are taken for default`;
  reading.remarks.push(`${whereOf(source, first.at)}: ${who}. Write metadata.namespace to say another.`);
}

/** What can only be said when everything has been read. */
function remarkOnWhole(
  reading: ManifestReading,
  objects: readonly (Service | ConfigMap)[],
  { isPoolsAlone = false, toName = 'set KUBEVIP_NAMESPACE and KUBEVIP_CONFIG_MAP' }: ManifestOptions,
): void {
  const { remarks, errors, configMap, lookalikes } = reading;
  if (reading.others.size > 0 && !isPoolsAlone) {
    const kinds = [...reading.others].sort(([a], [b]) => (a < b ? -1 : 1));
    const counts = kinds.map(([kind, count]) => `${printable(kind)} (${count})`).join(', ');
    remarks.push(`Left out, because only Services and the ConfigMap with the pools count here: ${counts}.`);
  }
  // Behind an error, what seems to be missing may be what could not be read.
  if (errors.length > 0) return;
  if (!objects.some(({ kind }) => kind === 'ConfigMap')) {
    const advice =
      lookalikes.length === 0
        ? 'Add it.'
        : `Is ${lookalikes.slice(0, 3).join(', ')} meant? Give it that namespace and name, or ${toName}.`;
    remarks.push(
      `There is no ConfigMap ${configMap.namespace}/${configMap.name} in the input, so there are no pools, and only static addresses can be served. ${advice}`,
    );
  }
  if (!isPoolsAlone && !objects.some(({ kind }) => kind === 'Service')) {
    remarks.push('There is no Service in the input, so there is nothing to give an address to. Add one.');
  }
}
