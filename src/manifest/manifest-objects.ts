import { nearestWord } from '../core/text/nearest.ts';
import { quoted } from '../core/text/quote.ts';
import {
  type ManifestReading,
  type ManifestSource,
  nameIn,
  readConfigMap,
  readService,
  titleOf,
  whereOf,
} from './manifest-kinds.ts';
import { isNull, type MapTree, nameOfKind, type Tree, textTree } from './tree.ts';

/** One object, or a List of them. `inherited` is what the list says about items that do not say it themselves. */
export function readObject(
  reading: ManifestReading,
  source: ManifestSource,
  tree: Tree,
  path: string,
  inherited?: string,
): void {
  const place = path === '' ? '' : `${path}: `;
  const fail = (at: number, sentence: string): void => {
    reading.errors.push(`${whereOf(source, at)}: ${place}${sentence}\n${source.places.excerpt(at)}`);
  };
  if (tree.kind !== 'map') {
    fail(
      tree.at,
      `this is ${nameOfKind(tree)}, and a Kubernetes object is a map. Begin it with \`apiVersion: v1\` and \`kind: Service\`.`,
    );
    return;
  }
  const kindTree = tree.entries.get('kind')?.value;
  const written =
    kindTree === undefined || isNull(kindTree)
      ? inherited
      : kindTree.kind === 'scalar'
        ? kindTree.source
        : '';
  if (written === undefined || written === '') {
    const name = nameIn(tree);
    fail(
      tree.at,
      `${name === '' ? 'this object' : `the object ${quoted(name)}`} has no kind. Write \`kind: Service\` or \`kind: ConfigMap\`.`,
    );
    return;
  }
  const versionTree = tree.entries.get('apiVersion')?.value;
  const version = versionTree?.kind === 'scalar' ? versionTree.source : '';
  const kind = knownKind(written, version);
  if (kind === undefined) {
    const group = version.includes('/') ? `.${version.replace(/\/.*/, '')}` : '';
    const full = `${written}${group}`;
    reading.others.set(full, (reading.others.get(full) ?? 0) + 1);
    return;
  }
  if (kind !== written) {
    reading.remarks.push(
      `${whereOf(source, kindTree?.at ?? tree.at)}: ${place}kind ${quoted(written)} is unknown to Kubernetes. Write ${kind}, as it is read here.`,
    );
  }
  if (kind.endsWith('List')) {
    readList(reading, source, tree, path, kind);
    return;
  }
  if (version !== 'v1') {
    const what = version === '' ? 'this is missing' : `${quoted(version)} has no ${kind}`;
    reading.remarks.push(
      `${whereOf(source, versionTree?.at ?? tree.at)}: ${titleOf(kind, tree, path)}: apiVersion: ${what}, and Kubernetes refuses the object. Write \`apiVersion: v1\`, as it is read here.`,
    );
  }
  if (kind === 'Service') readService(reading, source, tree, path);
  else readConfigMap(reading, source, tree, path);
}

const kinds = ['Service', 'ConfigMap', 'List', 'ServiceList', 'ConfigMapList'];

/** Knative, too, has a kind Service: only what says no group is of Kubernetes' own core/v1. */
function knownKind(written: string, version: string): string | undefined {
  if (version.includes('/')) return undefined;
  if (kinds.includes(written)) return written;
  // "Serivce" is a slip of ours to mend; "Pod" and "Secret" are none.
  return written.length >= 5 ? nearestWord(written, kinds) : undefined;
}

function readList(
  reading: ManifestReading,
  source: ManifestSource,
  tree: MapTree,
  path: string,
  kind: string,
): void {
  const items = tree.entries.get('items')?.value;
  const way = path === '' ? 'items' : `${path}.items`;
  if (items === undefined || isNull(items)) return;
  if (items.kind !== 'list') {
    reading.errors.push(
      `${whereOf(source, items.at)}: ${way}: this is ${nameOfKind(items)}, where a ${kind} has a list. Begin each object with "- ".\n${source.places.excerpt(items.at)}`,
    );
    return;
  }
  const inherited = kind === 'List' ? undefined : kind.slice(0, -'List'.length);
  items.items.forEach((item, index) => {
    // The items of a ServiceList say neither kind nor apiVersion: that of the list counts, without a remark.
    if (inherited !== undefined && item.kind === 'map' && !item.entries.has('apiVersion')) {
      item.entries.set('apiVersion', { keyAt: item.at, value: textTree('v1', item.at), earlier: [] });
    }
    readObject(reading, source, item, `${way}[${index}]`, inherited);
  });
}
