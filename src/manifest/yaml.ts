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
import { type ListTree, type MapTree, type ScalarTree, type Tree, type TreeEntry, textTree } from './tree.ts';
import { deepest, inWords, tooDeep } from './yaml-errors.ts';

/** Something that keeps a document from being read. */
export interface YamlFault {
  at: number;
  message: string;
}

export interface ParsedDocument {
  /** Null for a document with nothing in it, and for one with faults. */
  root: Tree | null;
  faults: YamlFault[];
}

const mostFromAliases = 100_000;

/** YAML as kubectl reads it: version 1.1, without its dates, base-60 numbers and typed collections. */
const unknownToKubectl: ReadonlySet<string> = new Set([
  'tag:yaml.org,2002:timestamp',
  'tag:yaml.org,2002:binary',
  'tag:yaml.org,2002:omap',
  'tag:yaml.org,2002:pairs',
  'tag:yaml.org,2002:set',
]);

function kubectlTags(tags: Tags): Tags {
  return tags.filter(
    (tag) =>
      typeof tag === 'string' ||
      !(unknownToKubectl.has(tag.tag) || ('format' in tag && tag.format === 'TIME')),
  );
}

/** Every document of a YAML or JSON text, JSON values one after the other included. Never throws. */
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
    // An empty stream is no array but a note that it is empty.
    if (!Array.isArray(documents)) return [];
    return documents.map((document): ParsedDocument => {
      const error = document.errors[0];
      // One broken character makes a dozen errors; the first one is the one to mend.
      if (error !== undefined) return { root: null, faults: [faultIn(text, error, start)] };
      if (document.contents === null) return { root: null, faults: [] };
      return plant(document.contents, start);
    });
  } catch (error) {
    if (error instanceof RangeError) return [{ root: null, faults: [{ at: start, message: tooDeep }] }];
    const reason = error instanceof Error ? error.message : String(error);
    return [
      { root: null, faults: [{ at: start, message: `this cannot be read as YAML: ${printable(reason)}` }] },
    ];
  }
}

function faultIn(text: string, error: YAMLError, start: number): YamlFault {
  const { message, at } = inWords(error.code, error.message, text, error.pos[0]);
  return { at: start + at, message };
}

/** Builds the tree in the order of the text, so an alias can only mean an anchor before it and cannot be a circle. */
function plant(root: ParsedNode, start: number): ParsedDocument {
  const faults: YamlFault[] = [];
  const anchors = new Map<string, Tree>();
  let expanded = 0;

  const grow = (node: ParsedNode | null, near: number, depth: number): Tree => {
    const at = node === null ? near : start + node.range[0];
    if (depth > deepest) {
      if (faults.length === 0) faults.push({ at, message: tooDeep });
      return empty(at);
    }
    if (node === null) return empty(at);
    if (isAlias(node)) return follow(node.source, at);
    const tree = isMap(node)
      ? growMap(node.items, at, depth)
      : isSeq(node)
        ? growList(node.items, at, depth)
        : leaf(node, at);
    if (node.anchor !== undefined) anchors.set(node.anchor, tree);
    return tree;
  };

  const follow = (name: string, at: number): Tree => {
    const target = anchors.get(name);
    if (target === undefined) {
      faults.push({
        at,
        message: `*${printable(name)} refers to &${printable(name)}, which is not defined before it. Write the value out, or put quotes around a text that begins with *.`,
      });
      return empty(at);
    }
    expanded += target.size;
    return target;
  };

  const growList = (items: readonly unknown[], at: number, depth: number): ListTree => {
    const list: ListTree = { kind: 'list', at, size: 1, items: [] };
    for (const item of items) {
      const tree = grow(asNode(item), at, depth + 1);
      list.size += tree.size;
      list.items.push(tree);
    }
    return list;
  };

  const growMap = (pairs: readonly unknown[], at: number, depth: number): MapTree => {
    const map: MapTree = { kind: 'map', at, size: 1, entries: new Map() };
    const merged: Tree[] = [];
    for (const pair of pairs) {
      if (!isPair(pair)) continue;
      const keyNode = asNode(pair.key);
      const keyAt = keyNode === null ? at : start + keyNode.range[0];
      const value = grow(asNode(pair.value), keyAt, depth + 1);
      map.size += value.size;
      if (isScalar(keyNode) && keyNode.type === 'PLAIN' && keyNode.source === '<<') {
        merged.push(value);
        continue;
      }
      const key = keyText(keyNode === null ? empty(keyAt) : grow(keyNode, keyAt, depth + 1));
      if (key === undefined) {
        faults.push({ at: keyAt, message: complexKey });
        continue;
      }
      const before = map.entries.get(key);
      map.entries.set(key, {
        keyAt,
        value,
        earlier:
          before === undefined ? [] : [...before.earlier, { keyAt: before.keyAt, value: before.value }],
      });
    }
    for (const source of merged) merge(map, source, faults);
    return map;
  };

  const tree = grow(root, start, 1);
  if (expanded > mostFromAliases) {
    const message = `its aliases (*name) stand for more than ${mostFromAliases} values. Write the values out instead.`;
    faults.push({ at: tree.at, message });
  }
  return faults.length > 0 ? { root: null, faults: faults.slice(0, 10) } : { root: tree, faults };
}

const complexKey =
  'a key here is a map, a list or empty, where Kubernetes takes only text. If this is a template ({{ ... }}), render it first (`helm template`).';

/** `<<: *other`: what the map does not say itself is taken over. */
function merge(into: MapTree, source: Tree, faults: YamlFault[]): void {
  if (source.kind === 'list') {
    for (const item of source.items) merge(into, item, faults);
    return;
  }
  if (source.kind === 'scalar') {
    faults.push({
      at: source.at,
      message: '<< takes over the keys of a map, and this is none. Name the anchor of a map.',
    });
    return;
  }
  for (const [key, entry] of source.entries) {
    const taken: TreeEntry = { keyAt: entry.keyAt, value: entry.value, earlier: [] };
    if (!into.entries.has(key)) into.entries.set(key, taken);
  }
}

/** kubectl turns a boolean key into the text `true` or `false`, and a number into its digits. */
function keyText(key: Tree): string | undefined {
  if (key.kind !== 'scalar' || key.value === null) return undefined;
  return typeof key.value === 'number' && !Number.isFinite(key.value) ? key.source : String(key.value);
}

function leaf(node: ParsedNode, at: number): ScalarTree {
  if (!isScalar(node)) return empty(at);
  const source = node.source;
  const value: unknown = node.value;
  if (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    value === null
  ) {
    // `source` is a scalar's text after the quotes are gone, which only differs from the value for plain scalars.
    return {
      kind: 'scalar',
      at,
      size: 1,
      value,
      source: typeof source === 'string' ? source : String(value),
    };
  }
  return textTree(String(source), at);
}

function empty(at: number): ScalarTree {
  return { kind: 'scalar', at, size: 1, value: null, source: '' };
}

/** The parser types what it holds as unknown; everything it holds is one of its nodes, or null. */
function asNode(held: unknown): ParsedNode | null {
  return isMap(held) || isSeq(held) || isScalar(held) || isAlias(held) ? (held as ParsedNode) : null;
}
