import { faults } from './plan.ts';

/** What a run has to have met, or it has proven nothing of it. */
export const needed: readonly string[] = [
  ...faults.map((fault) => `fault: ${fault}`),
  ...['adopt', 'allocate', 'families', 'keep', 'mark-static', 'ports', 'reallocate', 'refuse', 'release'].map(
    (decision) => `decision: ${decision}`,
  ),
  ...['restore', 'share', 'update', 'wait'].map((decision) => `decision: ${decision}`),
  'state: a write was carried out and its answer lost',
  'state: 410 with a write under way',
  'state: leader crashed',
  'state: leader paused',
  'state: two believe that they lead',
];

export function missing(counts: ReadonlyMap<string, number>): string[] {
  return needed.filter((what) => (counts.get(what) ?? 0) === 0);
}
