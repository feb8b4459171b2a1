/** The built controller on a real control plane, in a process that owns all of it. */

import { serve } from '../part.ts';
import { counter } from '../progress.ts';
import { onStack } from './on-stack.ts';
import { type Burst, type ControllerMode, controllerBurst, rawBurst } from './runs.ts';
import { newNamespace, newServices } from './services.ts';
import type { Stack } from './stack.ts';
import { makeTestBed, sockets } from './test-bed.ts';

export interface Stage {
  /** No fewer than in the stage before it. */
  readonly services: number;
  /** Of the controller, each between two of raw PATCHes. */
  readonly bursts: readonly ControllerMode[];
}

export interface ClusterInput {
  readonly binaries: string;
  readonly stages: readonly Stage[];
}

export interface ClusterFigures {
  readonly sockets: number;
  /** In the order of their running. */
  readonly bursts: readonly Burst[];
}

async function cluster(input: ClusterInput, signal: AbortSignal): Promise<ClusterFigures> {
  return onStack(signal, (stack) => measure(input, stack, signal));
}

async function measure(input: ClusterInput, stack: Stack, signal: AbortSignal): Promise<ClusterFigures> {
  const bed = await makeTestBed(input.binaries, stack);
  await bed.requests.send(newNamespace());
  const bursts: Burst[] = [];
  let there = 0;
  for (const stage of input.stages) {
    const tell = counter('cluster: Services created', stage.services);
    await bed.requests.sendAll(newServices(there, stage.services, tell), sockets);
    there = stage.services;
    bursts.push(await rawBurst(bed));
    for (const mode of stage.bursts) {
      signal.throwIfAborted();
      bursts.push(await controllerBurst(bed, mode));
      signal.throwIfAborted();
      bursts.push(await rawBurst(bed));
    }
  }
  return { sockets, bursts };
}

await serve(cluster);
