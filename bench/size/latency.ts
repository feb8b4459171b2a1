import { setTimeout as pause } from 'node:timers/promises';
import type { ConfigMap, Service } from '../../src/core/model/objects.ts';
import { assignments, newService } from '../cluster/services.ts';
import type { Sightings } from '../cluster/sightings.ts';
import type { TestBed } from '../cluster/test-bed.ts';
import { counter } from '../progress.ts';

/** Milliseconds, in turn with raw PATCHes that the same watcher saw. */
export interface Latency {
  readonly ours: readonly number[];
  /** From the request to the moment when the watcher saw the address. */
  readonly raw: readonly number[];
}

/** Its pool has one address: who comes second waits for it. */
export const narrow = { namespace: 'bench-narrow', pool: '192.0.2.1/32' } as const;

const narrowPath = `/api/v1/namespaces/${narrow.namespace}/services`;
/** For the raw PATCHes: addresses that are in no pool, on Services that the controller leaves alone. */
const rawPool: ConfigMap = { metadata: { name: 'kubevip' }, data: { 'cidr-global': '203.0.113.0/24' } };
const rawClass = 'bench.example.com/raw';
const rawNamespace = 'default';
const rawPath = `/api/v1/namespaces/${rawNamespace}/services`;
/** Between one and the next: events, and what the API server does behind its answers. */
const restMs = 40;

/** A new Service, from the answer to its creation to its address. */
export async function newOnes(bed: TestBed, sightings: Sightings, rounds: number): Promise<Latency> {
  const { requests } = bed;
  const latency = { ours: [] as number[], raw: [] as number[] };
  const tell = counter('size: one new Service', rounds);
  for (let round = 0; round < rounds; round += 1) {
    tell(round);
    const name = `new-${round}`;
    const seen = sightings.addressed(rawNamespace, name);
    await requests.send(newService(name, {}, rawPath));
    const created = performance.now();
    latency.ours.push((await seen) - created);
    await pause(restMs);
    await requests.send({ method: 'DELETE', path: `${rawPath}/${name}` });
    latency.raw.push(await rawPatch(bed, sightings, round));
  }
  return latency;
}

/**
 * The only address of a pool: from the moment when the watcher saw its holder gone to that when it saw who waited with
 * it. Not from the answer to the deletion: the API server gives a cluster IP back before it answers, and is often later.
 */
export async function freed(bed: TestBed, sightings: Sightings, rounds: number): Promise<Latency> {
  const { requests } = bed;
  const latency = { ours: [] as number[], raw: [] as number[] };
  const tell = counter('size: a freed address', rounds);
  const first = sightings.addressed(narrow.namespace, 'next-0');
  await requests.send(newService('next-0', {}, narrowPath));
  await first;
  for (let round = 0; round < rounds; round += 1) {
    tell(round);
    const [holder, waiting] = [`next-${round}`, `next-${round + 1}`];
    const seen = sightings.addressed(narrow.namespace, waiting);
    await requests.send(newService(waiting, {}, narrowPath));
    // Until it has been refused: it is to wait, and not to come at the same moment.
    await pause(2 * restMs);
    const gone = sightings.gone(narrow.namespace, holder);
    await requests.send({ method: 'DELETE', path: `${narrowPath}/${holder}` });
    latency.ours.push((await seen) - (await gone));
    latency.raw.push(await rawPatch(bed, sightings, round));
  }
  await requests.send({ method: 'DELETE', path: `${narrowPath}/next-${rounds}` });
  return latency;
}

/** The PATCH that the controller would send, by us, of a Service that is as new. */
async function rawPatch({ requests }: TestBed, sightings: Sightings, round: number): Promise<number> {
  await pause(restMs);
  const name = `raw-${round}`;
  const seen = sightings.addressed(rawNamespace, name);
  const made = await requests.send(newService(name, { loadBalancerClass: rawClass }, rawPath));
  const service = JSON.parse(made) as Service;
  const version = service.metadata.resourceVersion ?? '';
  const [patch] = assignments([service], version, rawPool, rawClass);
  if (patch === undefined) throw new Error(`no PATCH for ${made}`);
  await pause(restMs);
  const asked = performance.now();
  const answered = requests.send({ ...patch, path: `${rawPath}/${name}?fieldManager=bench` });
  const tookMs = (await seen) - asked;
  await answered;
  await requests.send({ method: 'DELETE', path: `${rawPath}/${name}` });
  await pause(restMs);
  return tookMs;
}
