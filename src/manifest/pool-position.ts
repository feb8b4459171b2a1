import { type FoundObject, whereOf } from './manifest-kinds.ts';
import type { MapTree } from './tree.ts';

/** A place in a text, as an editor finds it. */
export interface PoolPosition {
  /** `pools.yaml:8:14` */
  readonly where: string;
  /** The line, with a caret under the column. */
  readonly excerpt: string;
}

/** Where a key of a ConfigMap stands, or an entry of its value; undefined for a key that is not there. */
export function placeIn(
  { source, tree }: FoundObject,
  key: string,
  entry?: string,
): PoolPosition | undefined {
  const found = mapIn(tree, 'data')?.get(key) ?? mapIn(tree, 'binaryData')?.get(key);
  if (found === undefined) return undefined;
  const at = entry === undefined ? found.keyAt : offsetOf(entry, source.text, found.value.at);
  return { where: whereOf(source, at), excerpt: source.places.excerpt(at) };
}

function mapIn(tree: MapTree, field: string): MapTree['entries'] | undefined {
  const value = tree.entries.get(field)?.value;
  return value?.kind === 'map' ? value.entries : undefined;
}

/** The entry alone, not as the beginning of a longer one. What YAML spells in another way is found by its value. */
function offsetOf(entry: string, text: string, from: number): number {
  for (let at = text.indexOf(entry, from); at >= 0; at = text.indexOf(entry, at + 1)) {
    const around = [text[at - 1] ?? ' ', text[at + entry.length] ?? ' '];
    if (around.every((character) => /[\s,"'|>]/.test(character))) return at;
  }
  return from;
}
