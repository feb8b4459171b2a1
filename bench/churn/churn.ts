/** Services come, are served and go, in one controller's life; its memory in between, always at rest. */

import { onStack } from '../cluster/on-stack.ts';
import { listed, makePool, quiet } from '../cluster/runs.ts';
import { namespace, newNamespace, newService, servicesPath } from '../cluster/services.ts';
import { Sightings } from '../cluster/sightings.ts';
import type { Stack } from '../cluster/stack.ts';
import { makeTestBed, sockets } from '../cluster/test-bed.ts';
import { serve } from '../part.ts';
import { counter } from '../progress.ts';
import { type Memory, type Patience, settledMemory } from '../size/settled.ts';

export interface ChurnInput {
  readonly binaries: string;
  /** Services that come and go between two looks. */
  readonly step: number;
  readonly steps: number;
  readonly patience: Patience;
}

export interface Rest extends Memory {
  /** Services that have come and gone. */
  readonly gone: number;
}

export interface ChurnFigures {
  readonly perSecond: number;
  readonly rests: readonly Rest[];
}

async function churn(input: ChurnInput, signal: AbortSignal): Promise<ChurnFigures> {
  return onStack(signal, (stack) => measure(input, stack));
}

async function measure({ binaries, step, steps, patience }: ChurnInput, stack: Stack): Promise<ChurnFigures> {
  const bed = await makeTestBed(binaries, stack);
  await bed.requests.send(newNamespace(namespace));
  await makePool(bed);
  const sightings = new Sightings(bed.target, (await listed(bed)).resourceVersion);
  stack.push(() => sightings.close());
  const controller = await bed.startController();
  const rests: Rest[] = [{ gone: 0, ...(await settledMemory(controller, patience)) }];
  const tell = counter('churn: Services come and gone', step * steps);
  let busyMs = 0;
  let next = 0;
  const lane = async (until: number): Promise<void> => {
    while (next < until) {
      const name = `service-${next}`;
      tell(next);
      next += 1;
      const seen = sightings.addressed(namespace, name);
      await bed.requests.send(newService(name));
      await seen;
      await bed.requests.send({ method: 'DELETE', path: `${servicesPath}/${name}` });
    }
  };
  for (let i = 1; i <= steps; i += 1) {
    const begun = performance.now();
    await Promise.all(Array.from({ length: sockets }, () => lane(i * step)));
    busyMs += performance.now() - begun;
    await quiet(bed);
    rests.push({ gone: i * step, ...(await settledMemory(controller, patience)) });
  }
  await controller.stop();
  return { perSecond: (step * steps * 1000) / busyMs, rests };
}

await serve(churn);
