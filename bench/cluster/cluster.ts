/** The built controller on a real control plane, in a process that owns all of it. */

import { serve } from '../part.ts';
import { say } from '../progress.ts';
import { type Burst, controllerBurst, idleBytes, rawBurst } from './runs.ts';
import { newNamespace, newServices } from './services.ts';
import { Stack } from './stack.ts';
import { makeTestBed, sockets } from './test-bed.ts';

export interface ClusterInput {
  readonly binaries: string;
  readonly services: number;
  /** Of the controller, each between two of raw PATCHes. */
  readonly bursts: readonly ('at start' | 'pool comes')[];
}

export interface ClusterFigures {
  readonly services: number;
  readonly sockets: number;
  readonly idleBytes: number;
  /** In the order of their running. */
  readonly bursts: readonly Burst[];
}

async function cluster(input: ClusterInput, signal: AbortSignal): Promise<ClusterFigures> {
  const stack = new Stack();
  const interrupted = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => interrupted.reject(signal.reason));
  try {
    return await Promise.race([measure(input, stack, signal), interrupted.promise]);
  } finally {
    await stack.end();
  }
}

async function measure(input: ClusterInput, stack: Stack, signal: AbortSignal): Promise<ClusterFigures> {
  const bed = await makeTestBed(input.binaries, stack);
  const idle = await idleBytes(bed);
  say(`cluster: creating ${input.services.toLocaleString('en-US')} Services`);
  await bed.requests.send(newNamespace);
  await bed.requests.sendAll(newServices(input.services), sockets);
  const bursts: Burst[] = [await rawBurst(bed)];
  for (const mode of input.bursts) {
    signal.throwIfAborted();
    bursts.push(await controllerBurst(bed, mode));
    signal.throwIfAborted();
    bursts.push(await rawBurst(bed));
  }
  return { services: input.services, sockets, idleBytes: idle, bursts };
}

await serve(cluster);
