/**
 * The longest way through a graph, whose edges are the steps without acts and faults; or a state from which a way never ends.
 * Depth-first, without recursion.
 */
export function longestPaths(successors: readonly Uint32Array[]): {
  readonly longest: number;
  readonly cycle: number | undefined;
} {
  const unknown = -1;
  const open = -2;
  const lengths = new Int32Array(successors.length).fill(unknown);
  let longest = 0;
  for (let root = 0; root < successors.length; root += 1) {
    if (lengths[root] !== unknown) continue;
    const path: { id: number; next: number }[] = [{ id: root, next: 0 }];
    lengths[root] = open;
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { id } = top;
      const child = successors[id]?.[top.next];
      if (child === undefined) {
        let length = 0;
        for (const one of successors[id] ?? []) length = Math.max(length, 1 + (lengths[one] ?? 0));
        lengths[id] = length;
        longest = Math.max(longest, length);
        path.pop();
        continue;
      }
      top.next += 1;
      if (lengths[child] === open) return { longest, cycle: child };
      if (lengths[child] !== unknown) continue;
      lengths[child] = open;
      path.push({ id: child, next: 0 });
    }
  }
  return { longest, cycle: undefined };
}
