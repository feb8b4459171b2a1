import type { ConfigMap, IPAddress, KubeObject, Service } from '../../src/core/model/objects.ts';
import { shown } from '../core/naive.ts';
import type { Data } from '../core/naive-pools.ts';
import type { Automaton, Place } from './automaton.ts';
import { pending } from './canonical.ts';
import {
  type Change,
  type Cluster,
  emptyCluster,
  objectKey,
  objectsOf,
  type Response,
  type WriteRequest,
} from './cluster.ts';
import type { Request, Stream } from './requests.ts';

export interface Replica {
  readonly place: Place;
  /** The version up to which each open watch has delivered. */
  readonly positions: ReadonlyMap<Stream, number>;
  /** The responses that are on their way, by the key of their request. */
  readonly ready: ReadonlyMap<string, Response>;
}

/** A write whose sender no longer waits for it. It can still arrive. */
export interface Ghost {
  readonly request: Extract<Request, WriteRequest>;
  /** The index of its sender; -1 if that has crashed. */
  readonly sender: number;
}

/** The state of everything. */
export interface World {
  readonly cluster: Cluster;
  readonly replicas: readonly Replica[];
  readonly ghosts: readonly Ghost[];
  /** The index of the replica that holds the Lease; -1 if none does. */
  readonly holder: number;
  /** How many acts of users, and how many faults, may still happen. */
  readonly acts: number;
  readonly faults: number;
  /** `uid address`, for each address that a user, and no controller, has put on a Service. */
  readonly byUser: readonly string[];
}

export function newWorld(automaton: Automaton, replicas: number, acts: number, faults: number): World {
  return {
    ...{ cluster: emptyCluster, ghosts: [], holder: -1, acts, faults, byUser: [] },
    replicas: Array.from({ length: replicas }, () => newReplica(automaton)),
  };
}

export function newReplica({ start }: Automaton): Replica {
  return { place: start, positions: new Map(), ready: new Map() };
}

export function servicesIn({ objects }: Cluster): Service[] {
  return objectsOf({ objects } as Cluster, 'services') as Service[];
}

export function claimsIn(cluster: Cluster): IPAddress[] {
  return objectsOf(cluster, 'ipaddresses') as IPAddress[];
}

export function dataIn(cluster: Cluster): Data | undefined {
  return (objectsOf(cluster, 'configmaps')[0] as ConfigMap | undefined)?.data;
}

export function withReplica(world: World, at: number, replica: Replica): World {
  return { ...world, replicas: world.replicas.with(at, replica) };
}

/** The next change that a watch delivers. */
export function nextChange({ cluster, replicas }: World, at: number, stream: Stream): Change | undefined {
  const position = replicas[at]?.positions.get(stream);
  return position === undefined ? undefined : first(pending(cluster.log, stream, position));
}

function first<T>(iterator: IterableIterator<T>): T | undefined {
  for (const one of iterator) return one;
  return undefined;
}

/** Forgets changes that all watches have delivered, and late writes that can no longer take effect. */
export function trimmed(world: World): World {
  const { cluster, replicas, ghosts } = world;
  const positions = replicas.flatMap(({ positions }) => [...positions.values()]);
  const least = Math.min(...positions, cluster.version);
  const log = cluster.log.filter(({ version }) => version > least);
  const left = ghosts.filter(({ request }) => canTakeEffect(request, cluster));
  if (log.length === cluster.log.length && left.length === ghosts.length) return world;
  return { ...world, cluster: { ...cluster, log }, ghosts: left };
}

function canTakeEffect({ verb, path, body }: WriteRequest, { objects }: Cluster): boolean {
  if (verb === 'create') return true;
  const guard = verb === 'delete' ? body : (body as { metadata?: object }).metadata;
  const { resourceVersion } = (guard ?? {}) as { resourceVersion?: string };
  const object = objects.get(objectKey(path));
  if (object === undefined) return false;
  return resourceVersion === undefined || resourceVersion === object.metadata.resourceVersion;
}

/** After a user's edit of one Service: which addresses the user has put there. */
export function afterEdit(
  byUser: readonly string[],
  before: KubeObject | undefined,
  after: KubeObject | undefined,
): string[] {
  const uid = (after ?? before)?.metadata.uid ?? '';
  const had = new Set(before === undefined ? [] : shown(before as Service));
  const has = after === undefined ? [] : shown(after as Service);
  const kept = byUser.filter(
    (entry) => !entry.startsWith(`${uid} `) || has.includes(entry.slice(uid.length + 1)),
  );
  const added = has.filter((address) => !had.has(address)).map((address) => `${uid} ${address}`);
  return [...new Set([...kept, ...added])].sort();
}
