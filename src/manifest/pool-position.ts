import { childOf } from '../yaml/yaml-tree.ts';
import { whereOf } from './findings.ts';
import type { FoundObject } from './read-object.ts';

/** A position in a text, in the format that editors open. */
export interface PoolPosition {
  /** `pools.yaml:8:14` */
  readonly where: string;
  /** The line, with a caret under the column. */
  readonly excerpt: string;
}

/** The position of an annotation; undefined if the object does not have it. */
export function annotationPosition({ source, tree }: FoundObject, name: string): PoolPosition | undefined {
  const map = childOf(childOf(tree, 'metadata'), 'annotations');
  const found = map?.kind === 'map' ? map.entries.get(name) : undefined;
  if (found === undefined) return undefined;
  return { where: whereOf(source, found.keyAt), excerpt: source.positions.excerpt(found.keyAt) };
}

/** The position of a ConfigMap's key, or of an entry of its value; undefined if the key does not exist. */
export function positionIn(
  { source, tree }: FoundObject,
  key: string,
  entry?: string,
): PoolPosition | undefined {
  for (const map of [childOf(tree, 'data'), childOf(tree, 'binaryData')]) {
    const found = map?.kind === 'map' ? map.entries.get(key) : undefined;
    if (found === undefined) continue;
    const at = entry === undefined ? found.keyAt : offsetOf(entry, source.text, found.value.at);
    return { where: whereOf(source, at), excerpt: source.positions.excerpt(at) };
  }
  return undefined;
}

/** Skips occurrences inside of longer entries. An entry that YAML spells differently is at the start of the value. */
function offsetOf(entry: string, text: string, from: number): number {
  for (let at = text.indexOf(entry, from); at >= 0; at = text.indexOf(entry, at + 1)) {
    const around = [text[at - 1] ?? ' ', text[at + entry.length] ?? ' '];
    if (around.every((character) => /[\s,"'|>]/.test(character))) return at;
  }
  return from;
}
