import { controlPlane } from '../cluster/control-plane.ts';
import { count, megabytes, short, table } from '../figures.ts';
import { runPart } from '../part.ts';
import type { ChurnFigures, ChurnInput } from './churn.ts';
import { growth } from './growth.ts';

/** Measures and prints; gives the figures for the JSON. */
export async function churnFigures(quick: boolean): Promise<ChurnFigures> {
  const terms: Omit<ChurnInput, 'binaries'> = quick
    ? { step: 500, steps: 3, patience: { stillSeconds: 2, mostSeconds: 5 } }
    : { step: 10_000, steps: 10, patience: { stillSeconds: 10, mostSeconds: 60 } };
  const counters = await runPart<ChurnFigures>('./churn/churn.ts', { binaries: controlPlane(), ...terms });
  const { perSecond, rests } = counters;
  const { firstBytes, lastBytes } = growth(rests);
  process.stdout.write(`
churn: Services come, are served and go, ${count(perSecond)} a second; the same process at rest in between, MB

${table(
  ['come and gone', 'resident', 'own', 'most', 'settled s'],
  rests.map((rest) => [
    count(rest.gone),
    ...[rest.rssBytes, rest.anonBytes, rest.peakBytes].map(megabytes),
    short(rest.settledSeconds),
  ]),
)}
  median of the first third ${megabytes(firstBytes)}, of the last third ${megabytes(lastBytes)}
`);
  return counters;
}
