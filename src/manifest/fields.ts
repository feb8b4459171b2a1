import { printable, quoted } from '../core/text/quote.ts';
import { type ListTree, type MapTree, nameOfKind, type ScalarTree, type Tree, textTree } from './tree.ts';

/**
 * Reading one field of a manifest as the type that Kubernetes gives it. What Kubernetes would refuse although its
 * meaning is plain (`port: "80"`, `tier: 1`) is mended in the tree with a remark; what has no plain meaning is an
 * error, so that nothing behind these functions meets a value of an unexpected type.
 */
export interface Findings {
  remark(at: number, field: string, sentence: string): void;
  error(at: number, field: string, sentence: string): void;
}

/** A map of the tree and the way to it, as a person would write it: `metadata`, `spec.ports[0]`, "" for the object. */
export interface FieldPath {
  map: MapTree;
  path: string;
  findings: Findings;
}

export function pathTo(spot: FieldPath, key: string): string {
  const safe = /^[\w./-]+$/.test(key) ? key : quoted(key);
  return spot.path === '' ? safe : `${spot.path}.${safe}`;
}

/** The field's value; a null is the same as no field, and is dropped. */
export function present(spot: FieldPath, key: string): Tree | undefined {
  const entry = spot.map.entries.get(key);
  if (entry === undefined) return undefined;
  if (entry.value.kind === 'scalar' && entry.value.value === null) {
    spot.map.entries.delete(key);
    return undefined;
  }
  return entry.value;
}

export function put(spot: FieldPath, key: string, value: Tree): void {
  const entry = spot.map.entries.get(key);
  if (entry !== undefined) entry.value = value;
}

export function textField(spot: FieldPath, key: string): string | undefined {
  const tree = present(spot, key);
  return tree === undefined ? undefined : asText(spot, key, tree);
}

function asText(spot: FieldPath, key: string, tree: Tree): string | undefined {
  const field = pathTo(spot, key);
  if (tree.kind !== 'scalar') {
    spot.findings.error(
      tree.at,
      field,
      `this is ${nameOfKind(tree)}, where Kubernetes takes only text. Write one text.`,
    );
    return undefined;
  }
  if (typeof tree.value === 'string') return tree.value;
  spot.findings.remark(tree.at, field, unquotedText(key, tree));
  put(spot, key, textTree(tree.source, tree.at));
  return tree.source;
}

function unquotedText(key: string, tree: ScalarTree): string {
  const written = printable(tree.source);
  return `${written} is ${nameOfKind(tree)} to YAML, and Kubernetes takes only text there: it refuses the object. Put quotes around it (${printable(key)}: "${written}"); it is read here as that text.`;
}

/** Labels, annotations, data: every value a text. */
export function textMapField(spot: FieldPath, key: string): void {
  const inner = mapField(spot, key);
  if (inner === undefined) return;
  for (const [name, { value: tree }] of inner.map.entries) {
    if (tree.kind === 'scalar' && tree.value === null) {
      inner.findings.remark(
        tree.at,
        pathTo(inner, name),
        'there is no value. Kubernetes stores it as an empty text, and so it is read here. Write a value, or leave the key out.',
      );
      put(inner, name, textTree('', tree.at));
    } else if (
      tree.kind === 'list' &&
      tree.items.length > 0 &&
      tree.items.every((item) => item.kind === 'scalar')
    ) {
      const joined = tree.items.map((item) => (item.kind === 'scalar' ? item.source : '')).join(',');
      inner.findings.remark(
        tree.at,
        pathTo(inner, name),
        `this is a list, and Kubernetes takes only text there: it refuses the object. Write the entries in one text with commas between them; it is read here as ${quoted(joined)}.`,
      );
      put(inner, name, textTree(joined, tree.at));
    } else asText(inner, name, tree);
  }
}

export function mapField(spot: FieldPath, key: string): FieldPath | undefined {
  const tree = present(spot, key);
  if (tree === undefined) return undefined;
  const path = pathTo(spot, key);
  if (tree.kind === 'map') return { map: tree, path, findings: spot.findings };
  const advice =
    tree.kind === 'list'
      ? 'Write `key: value` lines without "- "'
      : 'Write `key: value` lines below it, indented';
  spot.findings.error(tree.at, path, `this is ${nameOfKind(tree)}, where Kubernetes takes a map. ${advice}.`);
  return undefined;
}

function listField(spot: FieldPath, key: string): ListTree | undefined {
  const tree = present(spot, key);
  if (tree === undefined || tree.kind === 'list') return tree;
  const path = pathTo(spot, key);
  spot.findings.error(
    tree.at,
    path,
    `this is ${nameOfKind(tree)}, where Kubernetes takes a list. Begin each entry with "- " on a line of its own.`,
  );
  return undefined;
}

/** `spec.ports`, `status.loadBalancer.ingress`: a list of maps. */
export function mapsField(spot: FieldPath, key: string): FieldPath[] | undefined {
  const list = listField(spot, key);
  return list?.items.flatMap((item, index) => {
    const path = `${pathTo(spot, key)}[${index}]`;
    if (item.kind === 'map') return [{ map: item, path, findings: spot.findings }];
    spot.findings.error(
      item.at,
      path,
      `this is ${nameOfKind(item)}, where Kubernetes takes a map. Write \`- key: value\`.`,
    );
    return [];
  });
}

/** `spec.ipFamilies`, `metadata.finalizers`: a list of texts; one text alone is taken for a list of one. */
export function textsField(spot: FieldPath, key: string): string[] | undefined {
  const found = present(spot, key);
  if (found === undefined) return undefined;
  const field = pathTo(spot, key);
  if (found.kind === 'scalar') {
    spot.findings.remark(
      found.at,
      field,
      `this is one value, and Kubernetes takes only a list there: it refuses the object. Write [${printable(found.source)}], as it is read here.`,
    );
    put(spot, key, { kind: 'list', at: found.at, size: 2, items: [textTree(found.source, found.at)] });
    return [found.source];
  }
  const list = listField(spot, key);
  return list?.items.flatMap((item, index) => {
    if (item.kind === 'scalar' && typeof item.value === 'string') return [item.value];
    const path = `${field}[${index}]`;
    if (item.kind !== 'scalar' || item.value === null) {
      spot.findings.error(
        item.at,
        path,
        `this is ${nameOfKind(item)}, where Kubernetes takes only text. Write one text.`,
      );
      return [];
    }
    spot.findings.remark(item.at, path, unquotedText('-', item).replace('(-: ', '(- '));
    list.items[index] = textTree(item.source, item.at);
    return [item.source];
  });
}
