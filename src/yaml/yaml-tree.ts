import { printable, quoted } from '../core/text/quote.ts';

/**
 * A parsed manifest that keeps the position and the spelling of each value: what `on` or `0755` looked like before YAML
 * made it a boolean or a number, and how often a key appeared.
 */
export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  readonly kind: 'map';
  /** Offset in the text. */
  readonly at: number;
  /** A Map, so that the key `__proto__` is an ordinary key. */
  readonly entries: Map<string, TreeEntry>;
}

export interface TreeEntry {
  readonly keyAt: number;
  value: Tree;
  /** How often the key appeared in the map; the last value applies. */
  readonly count: number;
}

export interface ListTree {
  readonly kind: 'list';
  readonly at: number;
  readonly items: readonly Tree[];
}

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly at: number;
  readonly value: string | number | boolean | null;
  /** As written, without quotes. */
  readonly source: string;
}

type TreeValue = string | number | boolean | null | TreeValue[] | { [key: string]: TreeValue };

export function textTree(text: string, at: number): ScalarTree {
  return { kind: 'scalar', at, value: text, source: text };
}

/** The plain value, without the nulls of maps: they mean "absent" to Kubernetes. */
export function toValue(tree: Tree): TreeValue {
  if (tree.kind === 'list') return tree.items.map(toValue);
  if (tree.kind === 'scalar') {
    return typeof tree.value === 'number' && !Number.isFinite(tree.value) ? tree.source : tree.value;
  }
  const value: { [key: string]: TreeValue } = {};
  for (const [key, entry] of tree.entries) {
    const inner = toValue(entry.value);
    if (inner === null) continue;
    // Assigning to __proto__ would change the object's prototype instead of adding a key.
    if (key === '__proto__') {
      Object.defineProperty(value, key, {
        value: inner,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    } else value[key] = inner;
  }
  return value;
}

/** The value in words: `a map`, `the number 80`, `"x"`. */
export function describe(tree: Tree): string {
  if (tree.kind !== 'scalar') return `a ${tree.kind}`;
  if (tree.value === null) return 'empty';
  if (typeof tree.value === 'string') return quoted(tree.source);
  return `the ${typeof tree.value} ${printable(tree.source)}`;
}

export function isNull(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null;
}

export function childOf(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === 'map' ? tree.entries.get(key)?.value : undefined;
}

/** The text of a scalar below nested maps; empty if there is none. */
export function textAt(tree: Tree, ...keys: readonly string[]): string {
  const found = keys.reduce<Tree | undefined>(childOf, tree);
  return found?.kind === 'scalar' && found.value !== null ? found.source : '';
}

/** Replaces or adds a string. */
export function setText(map: MapTree, key: string, text: string): void {
  const { keyAt, count } = map.entries.get(key) ?? { keyAt: map.at, count: 1 };
  map.entries.set(key, { keyAt, count, value: textTree(text, keyAt) });
}
