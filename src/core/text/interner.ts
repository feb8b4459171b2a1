/** Beyond so many different ones there is nothing to gain, and somebody might be at it on purpose. */
const capacity = 4_096;

/**
 * Gives equal texts, and equal lists of texts, as one and the same object. Thousands of Services say the same of their
 * namespace, ports and families; kept once, they cost little. What is forgotten is merely kept twice.
 */
export class Interner {
  readonly #texts = new Map<string, string>();
  readonly #lists = new Map<string, readonly string[]>();

  text(text: string): string {
    return remembered(this.#texts, text, text);
  }

  list<T extends string>(list: readonly T[]): readonly T[] {
    // The texts are names and numbers: none has a line break.
    return remembered(this.#lists, list.join('\n'), list) as readonly T[];
  }
}

function remembered<T>(known: Map<string, T>, key: string, value: T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= capacity) known.clear();
  known.set(key, value);
  return value;
}
