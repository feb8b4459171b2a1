/** Mulberry32: numbers in [0, 1) that depend only on the seed. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A number in [0, 1) that depends only on the seed and `n`. */
export function randomAt(seed: number, n: number): number {
  return randomOf(seed ^ Math.imul(n + 1, 0x9e3779b1))();
}
