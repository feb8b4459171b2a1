import type { KubeObject } from '../../src/core/model/objects.ts';
import { edit } from '../core/users.ts';
import type { Automaton, Place } from './automaton.ts';
import { type Cluster, carryOut, objectKey, objectsOf, store } from './cluster.ts';
import type { Input } from './process.ts';
import { isIn, isWrite, pluralOf, type Request, type Stream } from './requests.ts';
import { type Act, awaited, type FaultKind, type Scope } from './scope.ts';
import {
  afterEdit,
  newReplica,
  nextChange,
  type Replica,
  servicesIn,
  trimmed,
  type World,
  withReplica,
} from './world.ts';

/** Something that can happen next. `at` is the index of a replica. */
export type Action =
  | { readonly do: 'act'; readonly act: Act }
  | { readonly do: 'lead'; readonly at: number }
  | { readonly do: 'list'; readonly at: number; readonly requests: readonly string[] }
  | { readonly do: 'deliver' | 'bookmark'; readonly at: number; readonly stream: Stream }
  | { readonly do: 'carry out' | 'answer' | 'read'; readonly at: number; readonly request: string }
  | { readonly do: 'timer'; readonly at: number }
  | { readonly do: 'arrive' | 'vanish'; readonly ghost: number }
  | { readonly do: 'fault'; readonly kind: FaultKind; readonly at: number; readonly request?: string };

/** Whether it happens without a user and without a fault. */
export function isProgress(action: Action): boolean {
  return action.do !== 'act' && action.do !== 'fault';
}

/** Everything that can happen next. */
export function* actionsOf(world: World, scope: Scope): IterableIterator<Action> {
  for (const [at, replica] of world.replicas.entries()) yield* progressOf(world, scope, at, replica);
  for (const ghost of world.ghosts.keys()) {
    yield { do: 'arrive', ghost };
    yield { do: 'vanish', ghost };
  }
  if (world.acts > 0) for (const act of actsOf(world, scope)) yield { do: 'act', act };
  if (world.faults > 0) yield* faultsOf(world, scope);
}

function* progressOf(
  world: World,
  scope: Scope,
  at: number,
  { place, positions, ready }: Replica,
): IterableIterator<Action> {
  if (world.holder < 0) yield { do: 'lead', at };
  // The small lists are answered together; the order of the others is free.
  const small: string[] = [];
  for (const request of place.requests) {
    const { key } = request;
    if (request.verb === 'list') {
      if (request.stream === 'services' || request.stream === 'claims')
        yield { do: 'list', at, requests: [key] };
      else small.push(key);
    } else if (request.verb === 'get') yield { do: 'read', at, request: key };
    else yield { do: ready.has(key) ? 'answer' : 'carry out', at, request: key };
  }
  if (small.length > 0) yield { do: 'list', at, requests: small };
  for (const stream of positions.keys()) {
    if (nextChange(world, at, stream) !== undefined) yield { do: 'deliver', at, stream };
    else if (needsBookmark(world, scope, at, stream)) yield { do: 'bookmark', at, stream };
  }
  if (place.node.hasTimer) yield { do: 'timer', at };
}

function needsBookmark({ cluster, replicas }: World, scope: Scope, at: number, stream: Stream): boolean {
  if (!awaited(scope).includes(stream)) return false;
  return (replicas[at]?.positions.get(stream) ?? cluster.version) < cluster.version;
}

function* actsOf({ cluster }: World, { services, specs, edits, configs }: Scope): IterableIterator<Act> {
  for (const name of services) {
    const object = cluster.objects.get(`services ${name}`);
    if (object === undefined) for (const spec of specs) yield { do: 'create', name, spec };
    else {
      yield { do: 'delete', name };
      for (const one of edits) {
        const edited = editedBy(object, one.edit);
        if (JSON.stringify(edited) !== JSON.stringify(object)) yield { do: 'edit', name, ...one };
      }
    }
  }
  const [now] = objectsOf(cluster, 'configmaps') as (KubeObject & { data?: object })[];
  for (const data of configs)
    if (JSON.stringify(now?.data) !== JSON.stringify(data)) yield { do: 'configure', data };
}

function* faultsOf(world: World, { faultKinds }: Scope): IterableIterator<Action> {
  const can = (kind: FaultKind): boolean => faultKinds.includes(kind);
  for (const [at, { place, positions, ready }] of world.replicas.entries()) {
    const isRunning = place.node.inputs !== undefined;
    if (can('crash') && isRunning) yield { do: 'fault', kind: 'crash', at };
    if (can('lose') && world.holder === at) yield { do: 'fault', kind: 'lose', at };
    for (const request of place.requests) {
      if (!isWrite(request)) continue;
      const { key } = request;
      if (ready.has(key)) {
        if (can('answer lost')) yield { do: 'fault', kind: 'answer lost', at, request: key };
        continue;
      }
      for (const kind of ['lost', 'late', 'denied'] as const)
        if (can(kind)) yield { do: 'fault', kind, at, request: key };
    }
    if (can('expired') && positions.has('services')) yield { do: 'fault', kind: 'expired', at };
  }
}

/** A write that the API server has carried out for a controller. */
export interface CarriedOut {
  readonly request: Extract<Request, { basis: unknown }>;
  readonly before: World;
  readonly after: World;
}

export interface Outcome {
  readonly world: World;
  readonly written?: CarriedOut;
}

export async function apply(
  world: World,
  action: Action,
  scope: Scope,
  automaton: Automaton,
): Promise<Outcome> {
  const { written, world: next } = await new Step(world, scope, automaton).take(action);
  const after = trimmed(next);
  return written === undefined ? { world: after } : { world: after, written };
}

class Step {
  readonly #world: World;
  readonly #scope: Scope;
  readonly #automaton: Automaton;

  constructor(world: World, scope: Scope, automaton: Automaton) {
    this.#world = world;
    this.#scope = scope;
    this.#automaton = automaton;
  }

  async take(action: Action): Promise<Outcome> {
    const world = this.#world;
    switch (action.do) {
      case 'act':
        return { world: acted(world, action.act) };
      case 'lead':
        return { world: await this.#lead(action.at) };
      case 'list':
        return { world: await this.#list(action.at, action.requests) };
      case 'deliver':
        return { world: await this.#deliver(action.at, action.stream) };
      case 'bookmark': {
        const metadata = { name: '', resourceVersion: String(world.cluster.version) };
        return {
          world: await this.#input(world, action.at, {
            do: 'event',
            stream: action.stream,
            type: 'BOOKMARK',
            object: { metadata },
          }),
        };
      }
      case 'carry out':
        return this.#carryOut(action.at, action.request);
      case 'answer':
        return { world: await this.#answer(action.at, action.request) };
      case 'read':
        return { world: await this.#read(action.at, action.request) };
      case 'timer':
        return { world: await this.#input(world, action.at, { do: 'timer' }) };
      case 'vanish':
        return { world: { ...world, ghosts: world.ghosts.toSpliced(action.ghost, 1) } };
      case 'arrive':
        return this.#arrive(action.ghost);
      case 'fault':
        return { world: await this.#fault(action) };
    }
  }

  #replica(at: number): Replica {
    const replica = this.#world.replicas[at];
    if (replica === undefined) throw new Error(`there is no replica ${at}`);
    return replica;
  }

  async #input(world: World, at: number, input: Input, ready = world.replicas[at]?.ready): Promise<World> {
    const before = world.replicas[at];
    if (before === undefined || ready === undefined) return world;
    const place = await this.#automaton.step(before.place, input);
    // A response to a request that was aborted meanwhile is dropped.
    const kept = [...ready].filter(([key]) => place.requests.some((request) => request.key === key));
    const world2 = withReplica(world, at, {
      place,
      positions: positionsAfter(before, place, input),
      ready: new Map(kept),
    });
    return abandoned(before, place.requests, world2, at, input);
  }

  async #lead(at: number): Promise<World> {
    const { lateWrites } = this.#scope;
    const world: World = { ...this.#world, holder: at, ghosts: lateWrites ? this.#world.ghosts : [] };
    return this.#input(world, at, { do: 'lead' });
  }

  async #list(at: number, keys: readonly string[]): Promise<World> {
    const { cluster } = this.#world;
    const lists: Record<string, KubeObject[]> = {};
    for (const request of this.#replica(at).place.requests)
      if (request.verb === 'list' && keys.includes(request.key))
        lists[request.key] = listed(cluster, request.stream);
    return this.#input(this.#world, at, { do: 'listed', lists, version: cluster.version });
  }

  async #deliver(at: number, stream: Stream): Promise<World> {
    const change = nextChange(this.#world, at, stream);
    if (change === undefined) return this.#world;
    const { before, after, version } = change;
    const [had, has] = [isIn(stream, before), isIn(stream, after)];
    const object = after ?? before;
    if (object === undefined) return this.#world;
    const type = !has ? 'DELETED' : had ? 'MODIFIED' : 'ADDED';
    // A deletion has the last state, with the version of the deletion; with a selector, the last one that matched.
    const shown = has
      ? object
      : { ...before, metadata: { ...before?.metadata, resourceVersion: String(version) } };
    return this.#input(this.#world, at, { do: 'event', stream, type, object: shown as KubeObject });
  }

  #carryOut(at: number, key: string): Outcome {
    const world = this.#world;
    const { place, positions, ready } = this.#replica(at);
    const request = place.requests.find((one) => one.key === key);
    if (request === undefined || !isWrite(request)) return { world };
    const { cluster, response } = carryOut(world.cluster, request);
    const after = withReplica({ ...world, cluster }, at, {
      place,
      positions,
      ready: new Map([...ready, [key, response]]),
    });
    return { world: afterWrite(world, after), written: { request, before: world, after } };
  }

  async #answer(at: number, key: string): Promise<World> {
    const response = this.#replica(at).ready.get(key);
    if (response === undefined) return this.#world;
    return this.#input(this.#world, at, { do: 'answered', request: key, response });
  }

  async #read(at: number, key: string): Promise<World> {
    const request = this.#replica(at).place.requests.find((one) => one.key === key);
    if (request?.verb !== 'get') return this.#world;
    const object = this.#world.cluster.objects.get(objectKey(request.path));
    const response =
      object === undefined
        ? ({ status: 404, message: 'not found' } as const)
        : ({ status: 200, object } as const);
    return this.#input(this.#world, at, { do: 'answered', request: key, response });
  }

  #arrive(index: number): Outcome {
    const world = this.#world;
    const ghost = world.ghosts[index];
    if (ghost === undefined) return { world };
    const { cluster } = carryOut(world.cluster, ghost.request);
    const after = { ...world, cluster, ghosts: world.ghosts.toSpliced(index, 1) };
    return { world: afterWrite(world, after), written: { request: ghost.request, before: world, after } };
  }

  async #fault({ kind, at, request }: Extract<Action, { do: 'fault' }>): Promise<World> {
    const world: World = { ...this.#world, faults: this.#world.faults - 1 };
    const replica = this.#replica(at);
    switch (kind) {
      case 'crash': {
        const sent = unanswered(replica).map((one) => ({ request: one, sender: -1 }));
        const holder = world.holder === at ? -1 : world.holder;
        return withReplica(
          { ...world, holder, ghosts: [...world.ghosts, ...sent] },
          at,
          newReplica(this.#automaton),
        );
      }
      case 'lose':
        // With two leaders, the former one does not know it yet.
        if (this.#scope.twoLeaders) return { ...world, holder: -1 };
        return this.#input({ ...world, holder: -1 }, at, { do: 'lose' });
      case 'expired':
        return this.#input(world, at, { do: 'expired', stream: 'services' });
      case 'denied':
        return this.#input(world, at, { do: 'failed', request: request ?? '', why: 'denied' });
      case 'lost':
      case 'answer lost':
        return this.#input(world, at, { do: 'failed', request: request ?? '', why: 'lost' });
      case 'late': {
        const sent = replica.place.requests.filter(isWrite).find(({ key }) => key === request);
        const ghosts = sent === undefined ? world.ghosts : [...world.ghosts, { request: sent, sender: at }];
        return this.#input({ ...world, ghosts }, at, { do: 'failed', request: request ?? '', why: 'lost' });
      }
    }
  }
}

/** No Node has an address of a pool. */
function listed(cluster: Cluster, stream: Stream | 'nodes'): KubeObject[] {
  if (stream === 'nodes') return [];
  return objectsOf(cluster, pluralOf(stream)).filter((object) => isIn(stream, object));
}

/** A watch begins at the version of its list. */
function positionsAfter(
  { place, positions }: Replica,
  after: Place,
  input: Input,
): ReadonlyMap<Stream, number> {
  const next = new Map<Stream, number>();
  for (const stream of after.node.streams) {
    const before = positions.get(stream);
    if (before !== undefined) next.set(stream, before);
  }
  if (input.do === 'event') next.set(input.stream, Number(input.object.metadata.resourceVersion));
  if (input.do !== 'listed') return next;
  for (const request of place.requests) {
    const isAnswered = request.verb === 'list' && request.key in input.lists;
    if (isAnswered && request.stream !== 'nodes') next.set(request.stream, input.version);
  }
  return next;
}

/** The writes that the API server has not carried out yet. */
function unanswered({ place, ready }: Replica): Extract<Request, { basis: unknown }>[] {
  return place.requests.filter(isWrite).filter(({ key }) => !ready.has(key));
}

/** A write that its sender has aborted can still arrive. */
function abandoned(
  before: Replica,
  requests: readonly Request[],
  world: World,
  at: number,
  input: Input,
): World {
  if ('request' in input) return world;
  const gone = unanswered(before).filter(({ key }) => !requests.some((one) => one.key === key));
  if (gone.length === 0) return world;
  return { ...world, ghosts: [...world.ghosts, ...gone.map((request) => ({ request, sender: at }))] };
}

/** What a controller's write says about addresses is not the user's. */
function afterWrite(before: World, after: World): World {
  const isShown = (entry: string): boolean => {
    const [uid] = entry.split(' ');
    return servicesIn(after.cluster).some(({ metadata }) => metadata.uid === uid);
  };
  return before.byUser.every(isShown) ? after : { ...after, byUser: after.byUser.filter(isShown) };
}

function acted(world: World, act: Act): World {
  const acts = world.acts - 1;
  const { cluster } = world;
  if (act.do === 'configure') {
    const metadata = { name: 'kubevip', namespace: 'kube-system' };
    const key = 'configmaps kube-system/kubevip';
    const { metadata: known } = cluster.objects.get(key) ?? {};
    const object = act.data && ({ metadata: { ...metadata, ...known }, data: act.data } as KubeObject);
    return { ...world, acts, cluster: store(cluster, key, object) };
  }
  const key = `services ${act.name}`;
  const before = cluster.objects.get(key);
  const after =
    act.do === 'delete' || (act.do === 'edit' && before === undefined)
      ? undefined
      : act.do === 'create'
        ? newService(act.name, act.spec)
        : editedBy(before as KubeObject, act.edit);
  const next = store(cluster, key, after);
  return { ...world, acts, cluster: next, byUser: afterEdit(world.byUser, before, next.objects.get(key)) };
}

export function newService(key: string, spec: unknown): KubeObject {
  const [namespace = '', name = ''] = key.split('/');
  return { metadata: { name, namespace }, spec } as KubeObject;
}

/** As kube-apiserver, it removes the status of a Service that is no longer of type LoadBalancer. */
function editedBy(object: KubeObject, step: Parameters<typeof edit>[1]): KubeObject {
  const copy = structuredClone(object) as Parameters<typeof edit>[0];
  edit(copy, step);
  if (copy.spec?.type !== 'LoadBalancer') delete copy.status;
  return copy;
}
