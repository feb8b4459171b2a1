import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ConfigMap, Service } from '../../src/core/model/objects.ts';
import type { MeasuredProcess } from '../cluster/measured-process.ts';
import { type Memory, memoryCells, memoryHeads, type Patience, settledMemory } from '../cluster/memory.ts';
import { assignments, configMap, newNamespace, newService, pathOf } from '../cluster/services.ts';
import { startTestBed, type TestBed } from '../cluster/test-bed.ts';
import { allServices, type Watch } from '../cluster/watch.ts';
import { count, middle, short, table } from '../figures.ts';
import { definePart } from '../part.ts';
import { progress, say } from '../progress.ts';

/** Milliseconds, alternating with raw PATCHes that the same watch receives. */
interface Latency {
  readonly ours: readonly number[];
  readonly raw: readonly number[];
}

interface Size extends Starts {
  readonly services: number;
  /** Of the process that assigned the addresses: until the last event, then at rest. */
  readonly cpuSeconds: number;
  readonly memory: Memory;
}

interface Starts {
  /** Milliseconds from the start of the process until the address of the only pending Service is seen. */
  readonly firstAddress: readonly number[];
  /** Milliseconds for a raw list of all Services in a running process. */
  readonly list: readonly number[];
}

interface Rest {
  /** CPU time, of a core. */
  readonly percent: number;
  readonly seconds: number;
}

/** The pool of this namespace has one address. */
const narrow = { namespace: 'bench-narrow', pool: '192.0.2.1/32' };
/** Raw PATCHes write addresses outside all pools, on Services that the controller ignores. */
const rawPool: ConfigMap = { metadata: { name: 'kubevip' }, data: { 'cidr-global': '203.0.113.0/24' } };
const rawClass = 'bench.example.com/raw';
/** For events, and for what the API server does after its answers. */
const restMs = 40;

const bareList = fileURLToPath(new URL('../cluster/bare-list.mjs', import.meta.url));

export const part = definePart({
  about: '5,000 and 50,000 Services: memory, start, a new Service, a freed address, rest',

  inputs: (quick) => [
    quick
      ? {
          ...{ sizes: [2_000], patience: { stillSeconds: 2, limitSeconds: 10 } },
          ...{ rounds: 10, starts: 1, restSeconds: 5 },
        }
      : {
          ...{ sizes: [5_000, 50_000], patience: { stillSeconds: 10, limitSeconds: 120 } },
          ...{ rounds: 100, starts: 5, restSeconds: 60 },
        },
  ],

  async measure({ sizes, patience, rounds, starts, restSeconds }, stack) {
    const bed = await startTestBed(stack);
    await bed.requests.send(newNamespace(narrow.namespace));
    await bed.createPool({ ...configMap.data, [`cidr-${narrow.namespace}`]: narrow.pool });
    say('size: plain Node, and the idle controller');
    const bare = await memoryOf(await startBareNode(bed), patience);
    const idle = await memoryOf(await bed.startController(), patience);
    const watch = await bed.watch();
    const measured: Size[] = [];
    let atFirst: { rest: Rest; created: Latency; freed: Latency } | undefined;
    for (const services of sizes) {
      const controller = await bed.assign(measured.at(-1)?.services ?? 0, services);
      const cpuSeconds = controller.usage().cpuMs / 1000;
      const memory = await settledMemory(controller, patience);
      atFirst ??= {
        rest: await atRest(controller, restSeconds),
        created: await latency(bed, watch, rounds, newAddress),
        freed: await freedLatency(bed, watch, rounds),
      };
      await controller.stop();
      measured.push({ services, cpuSeconds, memory, ...(await startTimes(bed, watch, starts)) });
    }
    if (atFirst === undefined) throw new Error('no sizes');
    return { idle, bare, sizes: measured, ...atFirst };
  },

  print: ({
    idle,
    bare,
    sizes,
    created,
    freed,
    rest,
  }) => `size: resident memory in MB at rest, as the image runs it
  own       not pages of files
  settled   the time until it was stable; - if it was not

${table(
  ['', ...memoryHeads],
  [
    ['plain Node, one connection', ...memoryCells(bare)],
    ['idle, without Services', ...memoryCells(idle)],
    ...sizes.map(({ services, memory }) => [
      `${count(services)} Services, after the burst`,
      ...memoryCells(memory),
    ]),
  ],
)}
size: ms from the start of the process to the address of the only pending Service; medians and ranges
  CPU s   of the burst, until the last event

${table(
  ['Services', 'first address', 'raw list', 'CPU s'],
  sizes.map((size) => [
    count(size.services),
    middle(size.firstAddress),
    middle(size.list),
    short(size.cpuSeconds),
  ]),
)}
size: ms with ${count(sizes[0]?.services ?? 0)} Services, alternating with raw PATCHes; medians and ranges

${table(
  ['', 'ours', 'raw PATCH'],
  [
    ['new Service: created to address seen', middle(created.ours), middle(created.raw)],
    ['freed address: holder seen gone to next address seen', middle(freed.ours), middle(freed.raw)],
  ],
)}
  at rest: ${rest.percent.toFixed(2)} % of a core over ${count(rest.seconds)} s
`,
});

async function memoryOf(process: MeasuredProcess, patience: Patience): Promise<Memory> {
  const memory = await settledMemory(process, patience);
  await process.stop();
  return memory;
}

function startBareNode(bed: TestBed): Promise<MeasuredProcess> {
  const file = join(bed.folder, 'target.json');
  writeFileSync(file, JSON.stringify(bed.target), { mode: 0o600 });
  return bed.startNode([bareList, file, `${allServices}?limit=1`]);
}

async function atRest(controller: MeasuredProcess, seconds: number): Promise<Rest> {
  say(`size: at rest for ${seconds} s`);
  const [before, begun] = [controller.usage().cpuMs, performance.now()];
  await pause(seconds * 1000);
  const tookMs = performance.now() - begun;
  return { percent: ((controller.usage().cpuMs - before) / tookMs) * 100, seconds: tookMs / 1000 };
}

/** The controller is not running. */
async function startTimes(bed: TestBed, watch: Watch, starts: number): Promise<Starts> {
  const times = { firstAddress: [] as number[], list: [] as number[] };
  for (let round = 0; round < starts; round += 1) {
    say(`size: start ${round + 1} of ${starts}`);
    const asked = performance.now();
    await bed.requests.read({ method: 'GET', path: allServices });
    times.list.push(performance.now() - asked);
    const name = `first-${round}`;
    await create(bed, 'default', name);
    const seen = watch.addressed('default', name);
    const started = performance.now();
    const controller = await bed.startController();
    times.firstAddress.push((await seen.finally(() => controller.check())) - started);
    // It releases its Lease, so the next one does not wait for it.
    await controller.stop();
    await remove(bed, 'default', name);
  }
  return times;
}

type Round = (bed: TestBed, watch: Watch, round: number) => Promise<number>;

async function latency(bed: TestBed, watch: Watch, rounds: number, ours: Round): Promise<Latency> {
  const times = { ours: [] as number[], raw: [] as number[] };
  const report = progress(`size: ${ours === newAddress ? 'new Services' : 'freed addresses'}`, rounds);
  for (let round = 0; round < rounds; round += 1) {
    report(round);
    times.ours.push(await ours(bed, watch, round));
    await pause(restMs);
    times.raw.push(await rawPatch(bed, watch, round));
    await pause(restMs);
  }
  return times;
}

/** From the answer to the creation of a Service until its address is seen. */
async function newAddress(bed: TestBed, watch: Watch, round: number): Promise<number> {
  const name = `new-${round}`;
  const seen = watch.addressed('default', name);
  await create(bed, 'default', name);
  const created = performance.now();
  const tookMs = (await seen) - created;
  await pause(restMs);
  await remove(bed, 'default', name);
  return tookMs;
}

async function freedLatency(bed: TestBed, watch: Watch, rounds: number): Promise<Latency> {
  const first = watch.addressed(narrow.namespace, 'next-0');
  await create(bed, narrow.namespace, 'next-0');
  await first;
  const times = await latency(bed, watch, rounds, freedAddress);
  await remove(bed, narrow.namespace, `next-${rounds}`);
  return times;
}

/**
 * From the moment when the holder is seen gone until the pending Service is seen with its address. Not from the answer to
 * the deletion: the API server releases the cluster IP before it answers, and its answer is often later.
 */
async function freedAddress(bed: TestBed, watch: Watch, round: number): Promise<number> {
  const { namespace } = narrow;
  const [holder, pending] = [`next-${round}`, `next-${round + 1}`];
  const seen = watch.addressed(namespace, pending);
  await create(bed, namespace, pending);
  // Until the controller has found the pool full.
  await pause(2 * restMs);
  const gone = watch.deleted(namespace, holder);
  await remove(bed, namespace, holder);
  return (await seen) - (await gone);
}

/** The PATCH that the controller would send, for an equally new Service: from the request until the address is seen. */
async function rawPatch(bed: TestBed, watch: Watch, round: number): Promise<number> {
  const name = `raw-${round}`;
  const seen = watch.addressed('default', name);
  const created = await create(bed, 'default', name, { loadBalancerClass: rawClass });
  const service = JSON.parse(created) as Service;
  const [patch] = assignments([service], service.metadata.resourceVersion ?? '', rawPool, rawClass);
  if (patch === undefined) throw new Error(`no PATCH for ${created}`);
  await pause(restMs);
  const asked = performance.now();
  const answered = bed.requests.send(patch);
  const tookMs = (await seen) - asked;
  await answered;
  await remove(bed, 'default', name);
  return tookMs;
}

function create({ requests }: TestBed, namespace: string, name: string, spec = {}): Promise<string> {
  return requests.send(newService(name, spec, pathOf(namespace)));
}

function remove({ requests }: TestBed, namespace: string, name: string): Promise<string> {
  return requests.send({ method: 'DELETE', path: `${pathOf(namespace)}/${name}` });
}
