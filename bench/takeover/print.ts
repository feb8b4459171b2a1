import { controlPlane } from '../cluster/control-plane.ts';
import { count, median, spread, table } from '../figures.ts';
import { runPart } from '../part.ts';
import type { TakeoverFigures, TakeoverInput } from './part.ts';

/** Measures and prints; gives the figures for the JSON. */
export async function takeoverFigures(quick: boolean): Promise<TakeoverFigures> {
  const input: TakeoverInput = {
    binaries: controlPlane(),
    services: quick ? 1_000 : 5_000,
    rounds: quick ? 1 : 5,
  };
  const counters = await runPart<TakeoverFigures>('./takeover/part.ts', input);
  const rows = (['endedMs', 'holderMs', 'addressMs'] as const).map((name) => {
    const values = counters.timelines.map((timeline) => timeline[name]);
    return [what[name], count(median(values)), spread(values, count)];
  });
  process.stdout.write(`
takeover: two replicas, ${count(input.services)} Services; ms since SIGTERM to the leader, ${input.rounds} times

${table(['', 'median', 'spread'], rows)}`);
  return counters;
}

const what = {
  endedMs: "the leader's process is gone",
  holderMs: 'another holds the Lease',
  addressMs: 'a Service created with the signal has its address',
} as const;
