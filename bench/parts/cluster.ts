import { type ApiCounts, apiCounts, perService } from '../cluster/api-counts.ts';
import type { MeasuredProcess } from '../cluster/measured-process.ts';
import {
  assignments,
  configMap,
  configMapPath,
  newService,
  noClaims,
  withdrawals,
} from '../cluster/services.ts';
import { sockets, startTestBed, type TestBed } from '../cluster/test-bed.ts';
import { addressRate } from '../cluster/watch.ts';
import { count, middle, short, table } from '../figures.ts';
import { definePart } from '../part.ts';
import { progress, say } from '../progress.ts';

/** The controller finds the pool when it starts; or the pool is created later, also with `--claims`. */
export type ControllerMode = 'at start' | 'new pool' | 'with claims';

interface Stage {
  /** At least as many as in the previous stage. */
  readonly services: number;
  /** Of the controller, each between two bursts of raw PATCHes. */
  readonly modes: readonly ControllerMode[];
}

/** One burst of addresses. All counts and times are for one address. */
export interface Burst extends ApiCounts {
  readonly mode: 'raw' | ControllerMode;
  readonly services: number;
  readonly perSecond: number;
  /** Events that were written before the last address. */
  readonly earlyEvents: number;
  /** Of the writing process, until the last address. */
  readonly cpuMs: number;
  /** Of the writing process, until its events are written, too. */
  readonly cpuWithEventsMs: number;
}

export const part = definePart({
  about: 'bursts of addresses, compared with raw PATCHes of the same Services',

  inputs: (quick): { stages: Stage[] }[] => [
    {
      stages: quick
        ? [
            { services: 500, modes: ['new pool'] },
            { services: 1_000, modes: ['at start'] },
          ]
        : [
            { services: 1_000, modes: ['new pool', 'with claims', 'new pool', 'with claims', 'new pool'] },
            { services: 2_000, modes: ['at start', 'at start', 'at start'] },
          ],
    },
  ],

  async measure({ stages }, stack) {
    const bed = await startTestBed(stack);
    const bursts: Burst[] = [];
    let existing = 0;
    for (const { services, modes } of stages) {
      await bed.requests.sendAll(newServices(existing, services));
      existing = services;
      bursts.push(await rawBurst(bed));
      for (const mode of modes) bursts.push(await controllerBurst(bed, mode), await rawBurst(bed));
    }
    return bursts;
  },

  print: (bursts) => `cluster: pending Services, ${sockets} sockets; in the order of the runs
  per s   addresses, from the first to the last that a watch receives
  early   events that were written before the last address
  CPU     ms for one address: of the writing process, the same with its events, of kube-apiserver with them

${table(
  [
    'run',
    'Services',
    'per s',
    'writes each',
    'claims',
    'events',
    'early',
    'CPU',
    'and events',
    'kube-apiserver',
  ],
  bursts.map((burst) => [
    burst.mode === 'raw' ? 'raw PATCHes' : `controller, ${burst.mode}`,
    ...[count(burst.services), count(burst.perSecond)],
    ...[burst.serviceWrites, burst.claimWrites, burst.eventWrites, burst.earlyEvents].map(short),
    ...[burst.cpuMs, burst.cpuWithEventsMs, burst.apiServerCpuMs].map(short),
  ]),
)}
${ratiosText(bursts)}`,
});

function* newServices(from: number, to: number) {
  const report = progress('cluster: Services created', to);
  for (let i = from; i < to; i += 1) {
    report(i);
    yield newService(`service-${i}`);
  }
}

async function rawBurst(bed: TestBed): Promise<Burst> {
  say('cluster: raw PATCHes');
  const { services, resourceVersion } = await bed.listServices();
  const before = await apiCounts(bed.requests);
  const watch = await bed.watch();
  const requests = assignments(services, resourceVersion);
  const [perSecond, { cpuMs }] = await Promise.all([
    addressRate(watch, services.length),
    bed.sendApart('node:https', requests),
  ]);
  watch.close();
  const counts = perService(before, await apiCounts(bed.requests), services.length);
  await bed.requests.sendAll(withdrawals(services));
  const cpu = { cpuMs, cpuWithEventsMs: cpuMs };
  return { mode: 'raw', services: services.length, perSecond, earlyEvents: 0, ...cpu, ...counts };
}

/** Uses a new process for each burst. */
async function controllerBurst(bed: TestBed, mode: ControllerMode): Promise<Burst> {
  say(`cluster: the controller, ${mode}`);
  const { requests } = bed;
  let controller: MeasuredProcess | undefined;
  if (mode === 'at start') await bed.createPool();
  else {
    controller = await bed.startController(mode === 'with claims' ? ['--claims'] : []);
    await bed.eventsWritten();
  }
  const { services } = await bed.listServices();
  const before = await apiCounts(requests);
  const watch = await bed.watch();
  const rate = addressRate(watch, services.length);
  const cpuBefore = controller?.usage().cpuMs ?? 0;
  if (controller === undefined) controller = await bed.startController();
  else await bed.createPool();
  const perSecond = await rate.finally(() => controller.check());
  watch.close();
  const each = (cpuMs: number): number => (cpuMs - cpuBefore) / services.length;
  const cpuMs = each(controller.usage().cpuMs);
  const early = perService(before, await apiCounts(requests), services.length);
  await bed.eventsWritten();
  const cpuWithEventsMs = each(controller.usage().cpuMs);
  const counts = perService(before, await apiCounts(requests), services.length);
  await controller.stop();
  await requests.send({ method: 'DELETE', path: `${configMapPath}/${configMap.metadata.name}` });
  await requests.sendAll(withdrawals(services));
  await requests.send(noClaims);
  const { eventWrites: earlyEvents } = early;
  return { mode, services: services.length, perSecond, earlyEvents, cpuMs, cpuWithEventsMs, ...counts };
}

/** The bursts of a mode, each with the mean rate of the raw bursts before and after it. */
export function compared(bursts: readonly Burst[], mode: ControllerMode) {
  return bursts.flatMap((burst, i) => {
    const [before, after] = [bursts[i - 1], bursts[i + 1]];
    if (burst.mode !== mode || before === undefined || after === undefined) return [];
    const rawPerSecond = (before.perSecond + after.perSecond) / 2;
    return [{ burst, rawPerSecond, ratio: burst.perSecond / rawPerSecond }];
  });
}

function ratiosText(bursts: readonly Burst[]): string {
  const raw = bursts.filter(({ mode }) => mode === 'raw').map(({ perSecond }) => perSecond);
  const lines = (['at start', 'new pool', 'with claims'] as const).flatMap((mode) => {
    const ratios = compared(bursts, mode).map(({ ratio }) => ratio);
    const text = middle(ratios, (ratio) => ratio.toFixed(2));
    return ratios.length === 0
      ? []
      : [`  controller, ${mode}: ${text} of the raw PATCHes before and after it\n`];
  });
  return `  raw PATCHes: ${middle(raw, count)} per second\n${lines.join('')}`;
}
