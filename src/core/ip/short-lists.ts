/** An empty list. A new one for each decision would be garbage. */
export const none: readonly never[] = [];

/** The list with one more element. Unlike `push`, it leaves no spare capacity: most lists of a decision have one element. */
export function append<T>(list: readonly T[], element: T): readonly T[] {
  return list.length === 0 ? [element] : list.concat([element]);
}

/** Both lists, joined. Most of them are empty, and then nothing is copied. */
export function concat<T>(list: readonly T[], more: readonly T[]): readonly T[] {
  if (more.length === 0) return list;
  return list.length === 0 ? more : list.concat(more);
}
