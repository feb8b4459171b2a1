import { count, short, table } from '../figures.ts';
import { runPart } from '../part.ts';
import type { GrowthCase, GrowthRow } from './growth.ts';

/** A ConfigMap has a megabyte, which is room for three times as many. */
const mostPools = 10_000;

const cases: readonly GrowthCase[] = [
  ...[1_000, 10_000, 100_000].map((services) => ({ services, namespaces: 100, pools: 1 })),
  ...[1_000, 10_000, 100_000].map((namespaces) => ({ services: 100_000, namespaces, pools: 1 })),
  ...[1_000, mostPools].map((pools) => ({ services: 10 * pools, namespaces: pools, pools })),
];

/** Measures and prints; gives the figures for the JSON. */
export async function growthFigures(quick: boolean): Promise<{ readonly rows: readonly GrowthRow[] }> {
  const rows: GrowthRow[] = [];
  for (const one of quick ? cases.filter(({ services }) => services <= 10_000) : cases) {
    rows.push(await runPart<GrowthRow>('./growth/growth.ts', one, ['--expose-gc']));
  }
  process.stdout.write(`
growth: the core alone, with all Services served
  first list   all are put in and looked at once, without their decoding
  new pools    the ConfigMap changes, and all are looked at again
  one new      a Service comes, is given an address, and its write is answered

${table(
  ['Services', 'namespaces', 'pools', 'first list ms', 'new pools ms', 'one new µs', 'bytes each'],
  rows.map((row) => [
    ...[row.services, row.namespaces, row.pools].map(count),
    ...[row.firstListMs, row.newPoolsMs, row.newServiceNs / 1_000].map((value) => short(value)),
    count(row.bytesEach),
  ]),
)}`);
  return { rows };
}
