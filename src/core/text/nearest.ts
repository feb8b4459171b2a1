import { editDistance } from './suggestions.ts';

/** The candidate that is most similar to what was typed, if it is similar enough to suggest. */
export function nearestWord(typed: string, candidates: readonly string[]): string | undefined {
  // A hostile text could otherwise cost minutes.
  if (typed.length > 200) return undefined;
  const wanted = typed.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.ceil(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const cost = editDistance(wanted, candidate.toLowerCase());
    if (cost < least) {
      least = cost;
      best = candidate;
    }
  }
  return best;
}
