/**
 * A parsed manifest that still knows where each value was written and how: what `on` or `0755` looked like before
 * YAML made a boolean or a number of it, and which keys stood twice. Plain values come last, by `toValue`.
 */
export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  kind: 'map';
  /** Offset in the text. */
  at: number;
  /** Values in the tree below and including this one, with every alias written out. */
  size: number;
  /** A Map, so that a key called `__proto__` is a key like any other. */
  entries: Map<string, TreeEntry>;
}

export interface TreeEntry {
  keyAt: number;
  value: Tree;
  /** The same key, earlier in the same map: kept so that it can be reported. */
  earlier: { keyAt: number; value: Tree }[];
}

export interface ListTree {
  kind: 'list';
  at: number;
  size: number;
  items: Tree[];
}

export interface ScalarTree {
  kind: 'scalar';
  at: number;
  size: 1;
  value: string | number | boolean | null;
  /** As written, without quotes. */
  source: string;
}

export type TreeValue = string | number | boolean | null | TreeValue[] | { [key: string]: TreeValue };

export function textTree(text: string, at: number): ScalarTree {
  return { kind: 'scalar', at, size: 1, value: text, source: text };
}

/** The plain value. A null in a map means "absent" to Kubernetes, so it is left out. */
export function toValue(tree: Tree): TreeValue {
  if (tree.kind === 'list') return tree.items.map(toValue);
  if (tree.kind === 'scalar') {
    return typeof tree.value === 'number' && !Number.isFinite(tree.value) ? tree.source : tree.value;
  }
  const value: { [key: string]: TreeValue } = {};
  for (const [key, entry] of tree.entries) {
    const inner = toValue(entry.value);
    if (inner === null) continue;
    // A plain assignment to __proto__ would change the object's prototype instead of adding a key.
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

/** How a person would call what stands there. */
export function nameOfKind(tree: Tree): string {
  if (tree.kind === 'map') return 'a map';
  if (tree.kind === 'list') return 'a list';
  if (tree.value === null) return 'empty';
  if (typeof tree.value === 'boolean') return 'a boolean';
  return typeof tree.value === 'number' ? 'a number' : 'text';
}

export function isNull(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null;
}
