/** What the controller needs with so many Services, in memory and in time; on a control plane of its own. */

import { setTimeout as pause } from 'node:timers/promises';
import type { MeasuredProcess } from '../cluster/measured-process.ts';
import { onStack } from '../cluster/on-stack.ts';
import { listed, makePool, quiet, within } from '../cluster/runs.ts';
import { configMap, namespace, newNamespace, newService } from '../cluster/services.ts';
import { Sightings } from '../cluster/sightings.ts';
import type { Stack } from '../cluster/stack.ts';
import { storeCopies } from '../cluster/stored.ts';
import { makeTestBed, type TestBed } from '../cluster/test-bed.ts';
import { serve } from '../part.ts';
import { say } from '../progress.ts';
import { freed, type Latency, narrow, newOnes } from './latency.ts';
import { type Memory, type Patience, settledMemory } from './settled.ts';
import { bareMemory, type Starts, starts } from './starts.ts';

export interface SizeInput {
  readonly binaries: string;
  /** How many Services, rising. What is about the first of them alone is measured at the first size. */
  readonly sizes: readonly number[];
  readonly patience: Patience;
  readonly rounds: number;
  readonly starts: number;
  readonly restSeconds: number;
}

export interface Size {
  readonly services: number;
  /** Addresses a second, for those that were new at this size. */
  readonly perSecond: number;
  /** Of the process that gave them their addresses. */
  readonly memory: Memory;
  /** Of one that found them served. */
  readonly restarted: Memory;
  readonly starts: Starts;
}

export interface SizeFigures {
  readonly idle: Memory;
  /** Node with one socket to the API server, and no program. */
  readonly bare: Memory;
  readonly sizes: readonly Size[];
  readonly created: Latency;
  readonly freed: Latency;
  /** Percent of a core, over so many seconds, with the Services of the first size. */
  readonly rest: { readonly percent: number; readonly seconds: number };
}

async function size(input: SizeInput, signal: AbortSignal): Promise<SizeFigures> {
  return onStack(signal, (stack) => measure(input, stack));
}

async function measure(input: SizeInput, stack: Stack): Promise<SizeFigures> {
  const bed = await makeTestBed(input.binaries, stack);
  await bed.requests.send(newNamespace());
  await bed.requests.send(newNamespace(narrow.namespace));
  await makePool(bed, { ...configMap.data, [`cidr-${narrow.namespace}`]: narrow.pool });
  say('size: plain Node, and the idle controller');
  const bare = await bareMemory(bed, input.patience);
  const none = await bed.startController();
  const idle = await settledMemory(none, input.patience);
  await none.stop();
  const sightings = new Sightings(bed.target, (await listed(bed)).resourceVersion);
  stack.push(() => sightings.close());
  const sizes: Size[] = [];
  let small: Pick<SizeFigures, 'created' | 'freed' | 'rest'> | undefined;
  for (const services of input.sizes) {
    const before = sizes.at(-1)?.services ?? 0;
    await create(bed, before, services);
    const { controller, perSecond } = await burst(bed, before, services);
    const memory = await settledMemory(controller, input.patience);
    small ??= {
      rest: await atRest(controller, input.restSeconds),
      created: await newOnes(bed, sightings, input.rounds),
      freed: await freed(bed, sightings, input.rounds),
    };
    await controller.stop();
    const times = await starts(bed, sightings, input.starts);
    const again = await bed.startController();
    const restarted = await settledMemory(again, input.patience);
    await again.stop();
    sizes.push({ services, perSecond, memory, restarted, starts: times });
  }
  if (small === undefined) throw new Error('there is no size');
  return { idle, bare, sizes, ...small };
}

/** One by the API, the others as copies of it. */
async function create({ requests, store }: TestBed, from: number, to: number): Promise<void> {
  const of = `service-${from}`;
  await requests.send(newService(of));
  const names = Array.from({ length: to - from - 1 }, (_, i) => `service-${from + 1 + i}`);
  await storeCopies(requests, store, { namespace, of, names });
}

/** A new process gives all those an address that have none, and writes its events. */
async function burst(
  bed: TestBed,
  before: number,
  services: number,
): Promise<{ controller: MeasuredProcess; perSecond: number }> {
  say(`size: the controller, with ${services.toLocaleString('en-US')} Services`);
  const { resourceVersion } = await listed(bed);
  const observer = bed.observe(resourceVersion, services - before);
  const controller = await bed.startController();
  try {
    await within(observer.done, 'the controller', services - before);
  } finally {
    observer.close();
    controller.check();
  }
  await quiet(bed);
  return { controller, perSecond: observer.perSecond };
}

async function atRest(controller: MeasuredProcess, seconds: number): Promise<SizeFigures['rest']> {
  say(`size: at rest for ${seconds} s`);
  const [before, begun] = [controller.usage().cpuMs, performance.now()];
  await pause(seconds * 1000);
  const tookMs = performance.now() - begun;
  return { percent: ((controller.usage().cpuMs - before) / tookMs) * 100, seconds: tookMs / 1000 };
}

await serve(size);
