import { locateBinaries } from '../../test/controlplane/binaries.ts';
import { count, median, short, spread, table } from '../figures.ts';
import { PartFailed, runPart } from '../part.ts';
import type { ClusterFigures, ClusterInput } from './cluster.ts';
import type { Burst } from './runs.ts';

/** Measures and prints; gives the figures for the JSON. */
export async function clusterFigures(quick: boolean): Promise<ClusterFigures> {
  const { folder, missing } = locateBinaries(process.env);
  if (missing.length > 0) {
    throw new PartFailed(
      `cluster: ${missing.join(' and ')} missing in ${folder}. \`npm run controlplane\` builds them.`,
    );
  }
  const input: ClusterInput = {
    binaries: folder,
    services: 1_000,
    bursts: quick ? ['pool comes'] : ['pool comes', 'at start', 'pool comes', 'at start', 'pool comes'],
  };
  const figures = await runPart<ClusterFigures>('./cluster/cluster.ts', input);
  const { services, sockets, bursts } = figures;
  process.stdout.write(`
cluster: ${count(services)} waiting Services, kube-apiserver and etcd, ${sockets} sockets; in the order of the runs
  per s      addresses, from the first to the last that a watcher sees
  first      from the start of the process, or from the new pool, to the first address
  CPU        ms for one address: of the writing process, the same with its events, of kube-apiserver with them

${table(
  ['run', 'per s', 'first ms', 'writes each', 'events each', 'CPU', 'and events', 'kube-apiserver'],
  bursts.map(burstText),
)}
${ratioText(bursts)}
cluster: resident memory of the controller in MB

${table(['', 'MB'], memoryRows(figures))}`);
  return figures;
}

function burstText(burst: Burst): string[] {
  return [
    burst.mode === 'raw' ? 'raw PATCHes' : `controller, ${burst.mode}`,
    ...[count(burst.perSecond), count(burst.firstMs)],
    ...[short(burst.serviceWrites), short(burst.eventWrites)],
    ...[short(burst.cpuMs), short(burst.cpuWithEventsMs), short(burst.apiServerCpuMs)],
  ];
}

/** Each burst of the controller over the mean of the raw ones before and after it. */
function ratioText(bursts: readonly Burst[]): string {
  const raw = bursts.filter(({ mode }) => mode === 'raw').map(({ perSecond }) => perSecond);
  const lines = (['at start', 'pool comes'] as const).flatMap((mode) => {
    const ratios = bursts.flatMap((burst, i) => {
      const [before, after] = [bursts[i - 1], bursts[i + 1]];
      if (burst.mode !== mode || before === undefined || after === undefined) return [];
      return [burst.perSecond / ((before.perSecond + after.perSecond) / 2)];
    });
    if (ratios.length === 0) return [];
    const figures = `${median(ratios).toFixed(2)} (${spread(ratios, (ratio) => ratio.toFixed(2))})`;
    return [`  controller, ${mode}: ${figures} of the raw PATCHes before and after it\n`];
  });
  return `  raw PATCHes: ${count(median(raw))} a second (${spread(raw, count)})\n${lines.join('')}`;
}

function memoryRows({ bursts, idleBytes, services }: ClusterFigures): string[][] {
  const of = (mode: Burst['mode'], name: keyof Burst['memory']): string => {
    const values = bursts.filter((burst) => burst.mode === mode).map(({ memory }) => memory[name]);
    return values.length === 0 ? '-' : megabytes(median(values));
  };
  return [
    ['idle, without Services', megabytes(idleBytes)],
    [`with ${count(services)} waiting`, of('pool comes', 'waitingBytes')],
    ['at the last address', of('pool comes', 'burstBytes')],
    ['settled after it', of('pool comes', 'afterBytes')],
    ['the most it was', of('pool comes', 'peakBytes')],
    ['raw PATCHes, for comparison', of('raw', 'burstBytes')],
  ];
}

function megabytes(bytes: number): string {
  return Number.isFinite(bytes) ? (bytes / 1e6).toFixed(1) : '-';
}
