import { controlPlane } from '../cluster/control-plane.ts';
import { count, median, megabytes, short, spread, table } from '../figures.ts';
import { runPart } from '../part.ts';
import type { Latency } from './latency.ts';
import type { Memory } from './settled.ts';
import type { SizeFigures, SizeInput } from './size.ts';

/** Measures and prints; gives the figures for the JSON. */
export async function sizeFigures(quick: boolean): Promise<SizeFigures> {
  const terms: Omit<SizeInput, 'binaries'> = quick
    ? {
        sizes: [2_000],
        patience: { stillSeconds: 2, mostSeconds: 10 },
        ...{ rounds: 10, starts: 1, restSeconds: 5 },
      }
    : {
        sizes: [5_000, 50_000],
        patience: { stillSeconds: 10, mostSeconds: 120 },
        ...{ rounds: 100, starts: 5, restSeconds: 60 },
      };
  const counters = await runPart<SizeFigures>('./size/size.ts', { binaries: controlPlane(), ...terms });
  const { idle, bare, sizes, created, freed, rest } = counters;
  const memory: [string, Memory][] = [
    ['plain Node, one socket', bare],
    ['idle, without Services', idle],
    ...sizes.flatMap(({ services, memory, restarted }): [string, Memory][] => [
      [`${count(services)}, after giving their addresses`, memory],
      [`${count(services)}, found served`, restarted],
    ]),
  ];
  process.stdout.write(`
size: resident memory of the controller at rest, run as the image runs it; MB
  own        what is no page of a file
  settled    seconds until it stood still; - where it did not in ${terms.patience.mostSeconds} s

${table(
  ['', 'resident', 'own', 'most', 'settled'],
  memory.map(([name, one]) => [
    name,
    ...[one.rssBytes, one.anonBytes, one.peakBytes].map(megabytes),
    short(one.settledSeconds),
  ]),
)}
size: from the start of the process; medians of ${terms.starts}, and the spread
  first address  that of one new Service, all others being served
  raw list       all Services with node:https: the request alone, and with the start of a plain Node process

${table(
  ['Services', 'served per s', 'first address ms', 'raw list ms', 'with a process ms'],
  sizes.map((one) => [
    ...[count(one.services), count(one.perSecond)],
    ...[one.starts.firstAddress, one.starts.list, one.starts.listProcess].map(middle),
  ]),
)}
size: with ${count(sizes[0]?.services ?? 0)} Services; ms, medians of ${terms.rounds} and the spread, in turn with raw PATCHes

${table(
  ['', 'ours', 'raw PATCH'],
  [
    ['one new Service: created to address seen', ...latencyText(created)],
    ['a freed address: holder seen gone to address seen on who waited', ...latencyText(freed)],
  ],
)}
  at rest: ${rest.percent.toFixed(2)} % of a core over ${count(rest.seconds)} s
`);
  return counters;
}

function latencyText({ ours, raw }: Latency): string[] {
  return [middle(ours), middle(raw)];
}

function middle(values: readonly number[]): string {
  return `${short(median(values))} (${spread(values, (value) => short(value))})`;
}
