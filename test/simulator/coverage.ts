import { faults } from './plan.ts';

/** Counters that must not be zero, because a run only tests what occurred in it. */
const always: readonly string[] = [
  ...faults.map((fault) => `fault: ${fault}`),
  'state: a write was carried out and its answer lost',
  'state: a silent watch was replaced',
  'state: 410 with a write under way',
  'state: write of a former leader',
  'state: write of a former leader that came too late',
  'state: leader crashed',
  'state: leader paused',
  'state: two believe that they lead',
  'state: sharers moved together',
  'state: a sharer took a port of another one',
  'act: restore',
  'state: an event missed in the watch cache',
  'state: leader silenced',
  'state: two controllers at rest',
  'write: a reserved address',
  'write: an address of the second pool of a list',
  'write: within a quota',
  'write: shared by key',
];

const decisions: readonly string[] = [
  ...['adopt', 'allocate', 'families', 'keep', 'mark-static', 'pools', 'ports', 'reallocate', 'confirm'],
  ...['conflict', 'release'],
  ...['restore', 'share', 'update', 'pending'],
].map((decision) => `decision: ${decision}`);

/** With claims, decisions differ only for addresses that other programs claim. */
const claimCounters: readonly string[] = [
  'act: claim',
  'act: unclaim',
  'claim: POST 201',
  'claim: POST 409',
  'claim: PATCH 200',
  'claim: PATCH 409',
  'claim: DELETE 200',
];

export function notCovered(counts: ReadonlyMap<string, number>, claims = false): string[] {
  return [...always, ...(claims ? claimCounters : decisions)].filter((what) => (counts.get(what) ?? 0) === 0);
}
