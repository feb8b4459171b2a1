import { count, short, table } from '../figures.ts';
import { runPart } from '../part.ts';
import { say } from '../progress.ts';
import { poolNames } from './cases.ts';
import type { CoreFigures, CoreFill, CoreInput, CoreRow } from './core.ts';

const million = { services: 1_000_000, heapMB: 6_144, quickServices: 50_000 };

/** Measures and prints; gives the figures for the JSON. */
export async function coreFigures(quick: boolean): Promise<CoreFigures> {
  const isRoomy = process.availableMemory() > million.heapMB * 2 ** 20;
  if (!quick && !isRoomy) say('core: too little free memory for a million Services; 50,000 instead');
  const most = quick || !isRoomy ? million.quickServices : million.services;
  const terms = quick ? { rounds: 3, roundMs: 60 } : { rounds: 5, roundMs: 250 };
  const rows: CoreRow[] = [];
  const fills: CoreFill[] = [];
  for (const pool of poolNames) {
    const input: CoreInput = { pool, most, ...terms };
    const flags = ['--expose-gc', `--max-old-space-size=${million.heapMB}`];
    const counters = await runPart<CoreFigures>('./core/core.ts', input, flags);
    rows.push(...counters.rows);
    fills.push(...counters.fills);
  }
  process.stdout.write(`
core: decide + reserve in the Allocator, medians of ${terms.rounds} rounds of ${terms.roundMs} ms; ns for one Service or key
  batch        new Services that come at once
  reserve      the decision and the reservation; per s is of this
  whole life   comes, reserve, the write is answered, it goes
  Map          set + delete of the same new addresses in a Map of all addresses in use
  turnover     one in use, at a random place, goes and comes back; Map: delete + set of its address

${table(
  ['pool', 'in use', 'order', 'batch', 'per s', 'reserve', 'whole life', 'Map', 'turnover', 'Map'],
  rows.map(rowText),
)}${growthText(rows)}
core: what is in use; heap in bytes for one address

${table(
  ['pool', 'in use', 'adopt ns', 'new pools ns', 'its view', 'Allocator', 'both'],
  fills.filter(({ inUse }) => inUse >= 1_000).map(fillText),
)}`);
  return { rows, fills };
}

function rowText(row: CoreRow): string[] {
  const { pool, inUse, order, batch, arrive, reserve, confirm, leave } = row;
  return [
    ...[pool, count(inUse), order, count(batch), count(1e9 / reserve), count(reserve)],
    ...[count(arrive + reserve + confirm + leave), short(row.mapSetDelete)],
    ...[short(row.turnOver), short(row.mapTurnOver)],
  ];
}

function fillText({ pool, inUse, adoptNs, newPoolsNs, viewBytes, allocatorBytes }: CoreFill): string[] {
  const bytes = [viewBytes, allocatorBytes, viewBytes + allocatorBytes];
  return [pool, count(inUse), count(adoptNs), count(newPoolsNs), ...bytes.map(count)];
}

/** How much dearer everything is with the most in use than with a thousand. */
function growthText(rows: readonly CoreRow[]): string {
  const most = Math.max(...rows.map(({ inUse }) => inUse));
  const lines = rows
    .filter(({ inUse }) => inUse === most)
    .flatMap((large) => {
      const small = rows.find(
        ({ pool, order, inUse }) => pool === large.pool && order === large.order && inUse === 1_000,
      );
      if (small === undefined) return [];
      const times = (name: 'reserve' | 'mapSetDelete' | 'turnOver' | 'mapTurnOver'): string =>
        `x ${(large[name] / small[name]).toFixed(2)}`;
      return [
        [
          `${large.pool} ${large.order}`,
          times('reserve'),
          times('mapSetDelete'),
          times('turnOver'),
          times('mapTurnOver'),
        ],
      ];
    });
  return `\n${table([`growth, 1,000 to ${count(most)} in use`, 'reserve', 'Map', 'turnover', 'Map'], lines)}`;
}
