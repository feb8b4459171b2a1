import { count, median, short, spread, table } from '../figures.ts';
import { runPart } from '../part.ts';
import type { ClusterFigures, ClusterInput, Stage } from './cluster.ts';
import { controlPlane } from './control-plane.ts';
import { compared } from './ratios.ts';
import type { Burst } from './runs.ts';

/** Measures and prints; gives the figures for the JSON. */
export async function clusterFigures(quick: boolean): Promise<ClusterFigures> {
  const stages: readonly Stage[] = quick
    ? [
        { services: 500, bursts: ['pool comes'] },
        { services: 1_000, bursts: ['at start'] },
      ]
    : [
        { services: 1_000, bursts: ['pool comes', 'with claims', 'pool comes', 'with claims', 'pool comes'] },
        { services: 2_000, bursts: ['at start', 'at start', 'at start'] },
      ];
  const input: ClusterInput = { binaries: controlPlane(), stages };
  const counters = await runPart<ClusterFigures>('./cluster/cluster.ts', input);
  const { sockets, bursts } = counters;
  process.stdout.write(`
cluster: waiting Services, kube-apiserver and etcd, ${sockets} sockets; in the order of the runs
  per s      addresses, from the first to the last that a watcher sees
  first      from the start of the process, or from the new pool, to the first address
  early      events that were written before the last address
  CPU        ms for one address: of the writing process, the same with its events, of kube-apiserver with them

${table(
  [
    'run',
    'Services',
    'per s',
    'first ms',
    'writes each',
    'claims',
    'events',
    'early',
    'CPU',
    'and events',
    'kube-apiserver',
  ],
  bursts.map(burstText),
)}
${ratioText(bursts)}`);
  return counters;
}

function burstText(burst: Burst): string[] {
  return [
    burst.mode === 'raw' ? 'raw PATCHes' : `controller, ${burst.mode}`,
    ...[count(burst.services), count(burst.perSecond), count(burst.firstMs)],
    ...[
      short(burst.serviceWrites),
      short(burst.claimWrites),
      short(burst.eventWrites),
      short(burst.earlyEvents),
    ],
    ...[short(burst.cpuMs), short(burst.cpuWithEventsMs), short(burst.apiServerCpuMs)],
  ];
}

/** Each burst of the controller over the mean of the raw ones before and after it. */
function ratioText(bursts: readonly Burst[]): string {
  const raw = bursts.filter(({ mode }) => mode === 'raw').map(({ perSecond }) => perSecond);
  const lines = (['at start', 'pool comes', 'with claims'] as const).flatMap((mode) => {
    const ratios = compared(bursts, mode).map(({ ratio }) => ratio);
    if (ratios.length === 0) return [];
    const counters = `${median(ratios).toFixed(2)} (${spread(ratios, (ratio) => ratio.toFixed(2))})`;
    return [`  controller, ${mode}: ${counters} of the raw PATCHes before and after it\n`];
  });
  return `  raw PATCHes: ${count(median(raw))} a second (${spread(raw, count)})\n${lines.join('')}`;
}
