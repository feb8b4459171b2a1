import { controlPlane } from '../cluster/control-plane.ts';
import { count, median, short, spread, table } from '../figures.ts';
import { runPart } from '../part.ts';
import type { PluginFigures, PluginInput } from './plugin.ts';

/** Measures and prints; gives the figures for the JSON. */
export async function pluginFigures(quick: boolean): Promise<PluginFigures> {
  const terms: Omit<PluginInput, 'binaries'> = quick
    ? { services: 1_000, rounds: 2 }
    : { services: 5_000, rounds: 7 };
  const counters = await runPart<PluginFigures>('./plugin/plugin.ts', { binaries: controlPlane(), ...terms });
  process.stdout.write(`
plugin: from the start of kubectl to its end, with ${count(counters.services)} Services; ms, medians of ${terms.rounds} and the spread

${table(
  ['command', 'ms'],
  counters.commands.map(({ line, ms }) => [
    line,
    `${short(median(ms))} (${spread(ms, (value) => short(value))})`,
  ]),
)}
`);
  return counters;
}
