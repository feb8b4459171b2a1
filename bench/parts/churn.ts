import { type Memory, memoryCells, memoryHeads, settledMemory } from '../cluster/memory.ts';
import { namespace, newService, servicesPath } from '../cluster/services.ts';
import { sockets, startTestBed } from '../cluster/test-bed.ts';
import { concurrently } from '../concurrently.ts';
import { count, median, megabytes, table } from '../figures.ts';
import { definePart } from '../part.ts';
import { progress } from '../progress.ts';

interface Rest extends Memory {
  /** Services created and deleted so far. */
  readonly deleted: number;
}

export const part = definePart({
  about: 'memory over 100,000 creations and deletions of Services',

  inputs: (quick) => [
    quick
      ? { step: 500, steps: 3, patience: { stillSeconds: 2, limitSeconds: 5 } }
      : { step: 10_000, steps: 10, patience: { stillSeconds: 10, limitSeconds: 60 } },
  ],

  async measure({ step, steps, patience }, stack) {
    const bed = await startTestBed(stack);
    await bed.createPool();
    const watch = await bed.watch();
    const controller = await bed.startController();
    const rests: Rest[] = [{ deleted: 0, ...(await settledMemory(controller, patience)) }];
    const report = progress('churn: Services created and deleted', step * steps);
    const churn = async (i: number): Promise<void> => {
      report(i);
      const name = `service-${i}`;
      const seen = watch.addressed(namespace, name);
      await bed.requests.send(newService(name));
      await seen;
      await bed.requests.send({ method: 'DELETE', path: `${servicesPath}/${name}` });
    };
    for (let i = 1; i <= steps; i += 1) {
      const indexes = Array.from({ length: step }, (_, j) => (i - 1) * step + j);
      await concurrently(indexes, sockets, churn);
      await bed.eventsWritten();
      rests.push({ deleted: i * step, ...(await settledMemory(controller, patience)) });
    }
    await controller.stop();
    return rests;
  },

  print(rests) {
    const { firstBytes, lastBytes } = thirds(rests);
    return `churn: memory of one process at rest, in MB, between creations and deletions of Services

${table(
  ['deleted', ...memoryHeads],
  rests.map((rest) => [count(rest.deleted), ...memoryCells(rest)]),
)}
  median of the first third ${megabytes(firstBytes)}, of the last third ${megabytes(lastBytes)}
`;
  },
});

/** The medians of the first and the last third, without the rest before the first Service: the heap still grows then. */
export function thirds(rests: readonly Pick<Rest, 'deleted' | 'rssBytes'>[]) {
  const sizes = rests.filter(({ deleted }) => deleted > 0).map(({ rssBytes }) => rssBytes);
  const third = Math.max(1, Math.floor(sizes.length / 3));
  return { firstBytes: median(sizes.slice(0, third)), lastBytes: median(sizes.slice(-third)) };
}
