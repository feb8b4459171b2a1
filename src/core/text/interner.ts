/** More different texts than this are not worth keeping, and may be an attack. */
const capacity = 4_096;

/**
 * Returns the same object for equal texts and equal lists of texts. Thousands of Services have the same namespace, ports, and
 * families, which are kept in memory once.
 */
export class Interner {
  readonly #texts = new Map<string, string>();
  readonly #lists = new Map<string, readonly string[]>();

  text(text: string): string {
    return interned(this.#texts, text, text);
  }

  list<T extends string>(list: readonly T[]): readonly T[] {
    // The texts are names and numbers without line breaks.
    return interned(this.#lists, list.join('\n'), list) as readonly T[];
  }
}

function interned<T>(known: Map<string, T>, key: string, value: T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= capacity) known.clear();
  known.set(key, value);
  return value;
}
