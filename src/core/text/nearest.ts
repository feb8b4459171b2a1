import { editDistance } from './suggestions.ts';

/** "Did you mean ...?": the candidate that differs least from what was typed, if it differs by little. */
export function nearestWord(typed: string, candidates: readonly string[]): string | undefined {
  // Nobody misspells by hundreds of letters; the bound keeps a hostile text from costing minutes.
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
