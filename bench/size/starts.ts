import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MeasuredProcess } from '../cluster/measured-process.ts';
import { newService } from '../cluster/services.ts';
import type { Sightings } from '../cluster/sightings.ts';
import type { TestBed } from '../cluster/test-bed.ts';
import { say } from '../progress.ts';
import { type Memory, type Patience, settledMemory } from './settled.ts';

/** Milliseconds; the three in turn. */
export interface Starts {
  /** From the start of the process to the moment when a watcher saw the address of the one Service without one. */
  readonly firstAddress: readonly number[];
  /** A raw consistent list of all Services by a process that runs: from the request to the last byte. */
  readonly list: readonly number[];
  /** The same by a plain Node process: from its start to its end. */
  readonly listProcess: readonly number[];
}

const bareList = fileURLToPath(new URL('./bare-list.mjs', import.meta.url));
const list = '/api/v1/services';
const namespace = 'default';
const path = `/api/v1/namespaces/${namespace}/services`;

/** The controller is not running. */
export async function starts(bed: TestBed, sightings: Sightings, rounds: number): Promise<Starts> {
  const { requests } = bed;
  const times = { firstAddress: [] as number[], list: [] as number[], listProcess: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    say(`size: start ${round + 1} of ${rounds}`);
    const asked = performance.now();
    await requests.read({ method: 'GET', path: list });
    times.list.push(performance.now() - asked);

    const begun = performance.now();
    const lister = await startBare(bed, list);
    await lister.gone;
    times.listProcess.push(performance.now() - begun);
    await lister.stop();

    const name = `first-${round}`;
    await requests.send(newService(name, {}, path));
    const seen = sightings.addressed(namespace, name);
    const started = performance.now();
    const controller = await bed.startController();
    times.firstAddress.push((await seen) - started);
    controller.check();
    // It gives its Lease back: who comes next need not wait for it.
    await controller.stop();
    await requests.send({ method: 'DELETE', path: `${path}/${name}` });
  }
  return times;
}

/** What a Node process needs that has read one list with node:https, with the flags of the image. */
export async function bareMemory(bed: TestBed, patience: Patience): Promise<Memory> {
  const bare = await startBare(bed, '/api/v1/services?limit=1', 'stay');
  const memory = await settledMemory(bare, patience);
  await bare.stop();
  return memory;
}

function startBare(bed: TestBed, of: string, ...more: readonly string[]): Promise<MeasuredProcess> {
  const file = join(bed.folder, 'target.json');
  writeFileSync(file, JSON.stringify(bed.target), { mode: 0o600 });
  return bed.start([bareList, file, of, ...more]);
}
