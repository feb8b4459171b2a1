import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type ParsedNode,
  parseAllDocuments,
  type Tags,
  type YAMLError,
} from 'yaml';
import { printable } from '../core/text/quote.ts';
import { jsonValues } from './json-values.ts';
import { explainError, maxDepth, tooDeep } from './yaml-errors.ts';
import { describe, type MapTree, type ScalarTree, type Tree, textTree } from './yaml-tree.ts';

/** An error that makes a document unreadable. */
export interface YamlFault {
  at: number;
  message: string;
}

export interface ParsedDocument {
  /** Null for an empty document, and for one with faults. */
  root: Tree | null;
  faults: YamlFault[];
}

const maxValuesFromAliases = 100_000;

/** kubectl reads YAML 1.1 without its dates, base-60 numbers, and typed collections. */
const unknownToKubectl = /:(?:timestamp|binary|omap|pairs|set)$/;

function kubectlTags(tags: Tags): Tags {
  return tags.filter(
    (tag) =>
      typeof tag === 'string' ||
      !(unknownToKubectl.test(tag.tag) || ('format' in tag && tag.format === 'TIME')),
  );
}

/** Parses all documents of a YAML or JSON text, including JSON values in a row. Never throws. */
export function parseDocuments(text: string): ParsedDocument[] {
  const values = jsonValues(text);
  return (values ?? [{ start: 0, end: text.length }]).flatMap(({ start, end }) =>
    parseYaml(text.slice(start, end), start),
  );
}

function parseYaml(text: string, start: number): ParsedDocument[] {
  try {
    const documents = parseAllDocuments(text, {
      version: '1.1',
      schema: 'yaml-1.1',
      customTags: kubectlTags,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    // For an empty stream the parser returns an object that is not an array.
    if (!Array.isArray(documents)) return [];
    return documents.map(({ errors: [error], contents }): ParsedDocument => {
      // One wrong character causes many errors, and only the first one helps.
      if (error !== undefined) return { root: null, faults: [faultIn(text, error, start)] };
      return contents === null ? { root: null, faults: [] } : treeOf(contents, start);
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = error instanceof RangeError ? tooDeep : `cannot be read as YAML: ${printable(reason)}`;
    return [{ root: null, faults: [{ at: start, message }] }];
  }
}

function faultIn(text: string, error: YAMLError, start: number): YamlFault {
  const { message, at } = explainError(error.code, error.message, text, error.pos[0]);
  return { at: start + at, message };
}

/** Builds the tree in the order of the text: an alias refers to an earlier anchor, so it cannot form a cycle. */
function treeOf(root: ParsedNode, start: number): ParsedDocument {
  const faults: YamlFault[] = [];
  const anchors = new Map<string, Tree>();
  const sizes = new Map<Tree, number>();
  let fromAliases = 0;

  const build = (node: ParsedNode | null, near: number, depth: number): Tree => {
    const at = node === null ? near : start + node.range[0];
    if (depth > maxDepth && faults.length === 0) faults.push({ at, message: tooDeep });
    if (depth > maxDepth || node === null) return empty(at);
    if (isAlias(node)) return resolve(node.source, at);
    const tree = isMap(node)
      ? buildMap(node.items, at, depth)
      : isSeq(node)
        ? { kind: 'list' as const, at, items: node.items.map((item) => build(asNode(item), at, depth + 1)) }
        : scalar(node, at);
    if (node.anchor !== undefined) anchors.set(node.anchor, tree);
    return tree;
  };

  const resolve = (name: string, at: number): Tree => {
    const target = anchors.get(name);
    if (target === undefined) {
      const [alias, anchor] = [printable(`*${name}`), printable(`&${name}`)];
      const advice = 'Write the value itself, or quote a string that starts with *.';
      faults.push({ at, message: `${alias} refers to ${anchor}, which is not defined before it. ${advice}` });
      return empty(at);
    }
    fromAliases += sizeOf(target, sizes);
    return target;
  };

  const buildMap = (pairs: readonly unknown[], at: number, depth: number): MapTree => {
    const entries: MapTree['entries'] = new Map();
    const merged: Tree[] = [];
    for (const pair of pairs) {
      if (!isPair(pair)) continue;
      const keyNode = asNode(pair.key);
      const keyAt = keyNode === null ? at : start + keyNode.range[0];
      const value = build(asNode(pair.value), keyAt, depth + 1);
      if (isScalar(keyNode) && keyNode.type === 'PLAIN' && keyNode.source === '<<') {
        merged.push(value);
        continue;
      }
      const key = keyText(build(keyNode, keyAt, depth + 1));
      if (key === undefined) faults.push({ at: keyAt, message: complexKey });
      else entries.set(key, { keyAt, value, count: (entries.get(key)?.count ?? 0) + 1 });
    }
    for (const source of merged) merge(entries, source, faults);
    return { kind: 'map', at, entries };
  };

  const tree = build(root, start, 1);
  if (fromAliases > maxValuesFromAliases) {
    const message = `the aliases (*name) stand for more than ${maxValuesFromAliases} values. Write the values themselves.`;
    faults.push({ at: tree.at, message });
  }
  return faults.length > 0 ? { root: null, faults: faults.slice(0, 10) } : { root: tree, faults };
}

const complexKey =
  'a key must be a string, but is a map, a list or empty. If this is a template ({{ ... }}), render it first (`helm template`).';

/** The number of values in the tree with every alias written out; `sizes` remembers it for each tree. */
function sizeOf(tree: Tree, sizes: Map<Tree, number>): number {
  if (tree.kind === 'scalar') return 1;
  const known = sizes.get(tree);
  if (known !== undefined) return known;
  const children = tree.kind === 'list' ? tree.items : [...tree.entries.values()].map(({ value }) => value);
  const size = children.reduce((sum, child) => sum + sizeOf(child, sizes), 1);
  sizes.set(tree, size);
  return size;
}

/** `<<: *other`: adds the keys that the map itself does not have. */
function merge(entries: MapTree['entries'], source: Tree, faults: YamlFault[]): void {
  if (source.kind === 'list') for (const item of source.items) merge(entries, item, faults);
  else if (source.kind === 'scalar') {
    const message = `<< merges the keys of a map, but this is ${describe(source)}. Use an alias of a map.`;
    faults.push({ at: source.at, message });
  } else
    for (const [key, entry] of source.entries)
      if (!entries.has(key)) entries.set(key, { ...entry, count: 1 });
}

/** kubectl converts a boolean or a number that is a key to a string. */
function keyText(key: Tree): string | undefined {
  if (key.kind !== 'scalar' || key.value === null) return undefined;
  return typeof key.value === 'number' && !Number.isFinite(key.value) ? key.source : String(key.value);
}

function scalar(node: ParsedNode, at: number): ScalarTree {
  if (!isScalar(node)) return empty(at);
  const { source, value }: { source?: unknown; value: unknown } = node;
  const written = typeof source === 'string' ? source : String(value);
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return { kind: 'scalar', at, value, source: written };
  return typeof value === 'string' ? { kind: 'scalar', at, value, source: written } : textTree(written, at);
}

function empty(at: number): ScalarTree {
  return { kind: 'scalar', at, value: null, source: '' };
}

/** The parser types its contents as unknown; they are its own nodes, or null. */
function asNode(content: unknown): ParsedNode | null {
  const isNode = isMap(content) || isSeq(content) || isScalar(content) || isAlias(content);
  return isNode ? (content as ParsedNode) : null;
}
