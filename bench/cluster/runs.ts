import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Service } from '../../src/core/model/objects.ts';
import { say } from '../progress.ts';
import { apiCounts, minus } from './api-counts.ts';
import type { MeasuredProcess } from './measured-process.ts';
import type { RawPlan, RawResult } from './raw-writer.ts';
import { assignments, configMap, configMapPath, noClaims, servicesPath, withdrawals } from './services.ts';
import { sockets, type TestBed } from './test-bed.ts';

/** Whether the controller finds the pool at its start, or waits for it with all Services known; or that with `--claims`. */
export type ControllerMode = 'at start' | 'pool comes' | 'with claims';
export type Mode = 'raw' | ControllerMode;

/** One burst of addresses; everything that is counted, for one address. */
export interface Burst {
  readonly mode: Mode;
  readonly services: number;
  readonly perSecond: number;
  readonly serviceWrites: number;
  readonly eventWrites: number;
  /** Those events that were written before the last address. */
  readonly earlyEvents: number;
  readonly claimWrites: number;
  /** Of the writing process, until the last address. */
  readonly cpuMs: number;
  /** Of the writing process, until its events are written too. */
  readonly cpuWithEventsMs: number;
  /** Of kube-apiserver, events included. */
  readonly apiServerCpuMs: number;
  /** From the start of the process, or from the new pool, to the first address. */
  readonly firstMs: number;
}

const rawWriter = fileURLToPath(new URL('./raw-writer.ts', import.meta.url));

/** The PATCHes alone. */
export async function rawBurst(bed: TestBed): Promise<Burst> {
  const { requests, folder, target } = bed;
  say('cluster: raw PATCHes');
  const { services, resourceVersion } = await listed(bed);
  const planFile = join(folder, 'plan.json');
  const resultFile = join(folder, 'result.json');
  const plan: RawPlan = { target, sockets, requests: assignments(services, resourceVersion) };
  writeFileSync(planFile, JSON.stringify(plan), { mode: 0o600 });
  const before = await apiCounts(requests);
  const observer = bed.observe(resourceVersion, services.length);
  const begun = performance.now();
  const writer = await bed.start([rawWriter, planFile, resultFile]);
  try {
    await Promise.all([within(observer.done, 'raw PATCHes', services.length), writer.gone]);
  } finally {
    observer.close();
    await writer.stop();
  }
  const { cpuMs } = JSON.parse(readFileSync(resultFile, 'utf8')) as RawResult;
  const counts = minus(await apiCounts(requests), before);
  await requests.sendAll(withdrawals(services), sockets);
  const each = (value: number): number => value / services.length;
  return {
    mode: 'raw',
    services: services.length,
    perSecond: observer.perSecond,
    serviceWrites: each(counts.serviceWrites),
    eventWrites: each(counts.eventWrites),
    earlyEvents: 0,
    claimWrites: each(counts.claimWrites),
    cpuMs: each(cpuMs),
    cpuWithEventsMs: each(cpuMs),
    apiServerCpuMs: each(counts.cpuMs),
    firstMs: observer.firstAt - begun,
  };
}

/** The controller's process, new for each burst. */
export async function controllerBurst(bed: TestBed, mode: ControllerMode): Promise<Burst> {
  const { requests } = bed;
  say(`cluster: the controller, ${mode}`);
  const flags = mode === 'with claims' ? ['--claims'] : [];
  let controller: MeasuredProcess | undefined;
  if (mode === 'at start') await makePool(bed);
  else {
    controller = await bed.startController(flags);
    await quiet(bed);
  }
  const { services, resourceVersion } = await listed(bed);
  const before = await apiCounts(requests);
  const observer = bed.observe(resourceVersion, services.length);
  const cpuBefore = controller?.usage().cpuMs ?? 0;
  const begun = performance.now();
  if (controller === undefined) controller = await bed.startController();
  else await makePool(bed);
  try {
    await within(observer.done, 'the controller', services.length);
  } finally {
    observer.close();
    controller.check();
  }
  const burst = controller.usage();
  const early = minus(await apiCounts(requests), before);
  await quiet(bed);
  const after = controller.usage();
  const counts = minus(await apiCounts(requests), before);
  await controller.stop();
  await requests.send({ method: 'DELETE', path: `${configMapPath}/${configMap.metadata.name}` });
  await requests.sendAll(withdrawals(services), sockets);
  await requests.send(noClaims);
  const each = (value: number): number => value / services.length;
  return {
    ...{ mode, services: services.length, perSecond: observer.perSecond, firstMs: observer.firstAt - begun },
    serviceWrites: each(counts.serviceWrites),
    eventWrites: each(counts.eventWrites),
    earlyEvents: each(early.eventWrites),
    claimWrites: each(counts.claimWrites),
    cpuMs: each(burst.cpuMs - cpuBefore),
    cpuWithEventsMs: each(after.cpuMs - cpuBefore),
    apiServerCpuMs: each(counts.cpuMs),
  };
}

export async function makePool({ requests }: TestBed, data = configMap.data): Promise<void> {
  await requests.send({ method: 'POST', path: configMapPath, body: JSON.stringify({ ...configMap, data }) });
}

export async function listed({
  requests,
}: TestBed): Promise<{ services: Service[]; resourceVersion: string }> {
  const text = await requests.send({ method: 'GET', path: servicesPath });
  const { items, metadata } = JSON.parse(text) as {
    items: Service[];
    metadata: { resourceVersion: string };
  };
  return { services: items, resourceVersion: metadata.resourceVersion };
}

/** Until no event is written any more; they follow behind the addresses. */
export async function quiet({ requests }: TestBed): Promise<void> {
  let last = -1;
  for (let equal = 0; equal < 2; ) {
    await pause(500);
    const { eventWrites } = await apiCounts(requests);
    equal = eventWrites === last ? equal + 1 : 0;
    last = eventWrites;
  }
}

/** So slow that it is a failure: fifty addresses a second. */
export async function within(done: Promise<void>, what: string, addresses: number): Promise<void> {
  const patienceMs = 30_000 + addresses * 20;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`${what}: not all addresses within ${patienceMs / 1000} s`)),
    patienceMs,
  );
  try {
    await Promise.race([done, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
