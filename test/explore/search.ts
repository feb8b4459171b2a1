import type { KubeObject } from '../../src/core/model/objects.ts';
import { type Action, actionsOf, apply, isProgress, newService } from './actions.ts';
import { Automaton, type AutomatonOptions } from './automaton.ts';
import { canonical } from './canonical.ts';
import { store } from './cluster.ts';
import { type Violation, violationAtRest, violationOfState, violationOfWrite } from './properties.ts';
import { longestPaths } from './rest.ts';
import { awaited, type Scope } from './scope.ts';
import { newWorld, type World, withReplica } from './world.ts';

export interface Found {
  readonly violation: Violation;
  /** What happened, from the start of the scope. */
  readonly story: readonly Action[];
}

export interface Result {
  readonly scope: Scope;
  readonly states: number;
  readonly transitions: number;
  readonly atRest: number;
  /** The number of actions of the longest of the shortest stories. */
  readonly depth: number;
  /** From every state, whatever the order, the world is at rest after at most this many steps without acts and faults. */
  readonly restIn: number;
  /** The states of one controller, and how often one took an input. */
  readonly nodes: number;
  readonly taken: number;
  readonly found: Found | undefined;
  /** Whether everything was explored. */
  readonly isComplete: boolean;
}

export interface SearchOptions {
  /** Stops after this many states. */
  readonly maxStates?: number;
  /** Called now and then. */
  readonly progress?: (states: number, depth: number, waiting: number) => void;
  /** The canonical text of a world; another one only in tests. */
  readonly canonical?: (world: World) => string;
  /** The controller; another one only in tests. */
  readonly automaton?: Automaton;
}

/** More steps without acts and faults than any world needs. */
const endlessSteps = 150;

/** Explores every order of everything that can happen in a scope, shortest stories first. Stops at the first violation. */
export async function search(scope: Scope, options: SearchOptions = {}): Promise<Result> {
  return new Search(scope, options).run();
}

/** The real controller, as a scope configures it. */
export function automatonOf(scope: Scope, more: Partial<AutomatonOptions> = {}): Automaton {
  const { claims = false, concurrency = 4 } = scope;
  return new Automaton({ claims, concurrency, hasBookmarks: awaited(scope).length > 0, ...more });
}

/** The world in which each story begins: the first replica leads, and is at rest. */
export async function beginning(scope: Scope, automaton: Automaton): Promise<World> {
  let world = newWorld(automaton, scope.replicas, scope.acts, scope.faults);
  let { cluster } = world;
  const add = (key: string, object: object): void => {
    cluster = store(cluster, key, object as KubeObject);
  };
  add('configmaps kube-system/kubevip', {
    metadata: { name: 'kubevip', namespace: 'kube-system' },
    data: scope.data,
  });
  for (const [i, spec] of (scope.existing ?? []).entries()) {
    const key = scope.services[i] ?? '';
    add(`services ${key}`, newService(key, spec));
  }
  world = { ...world, cluster };
  if (scope.followers)
    for (const [at, replica] of world.replicas.entries())
      world = withReplica(world, at, {
        ...replica,
        place: await automaton.step(replica.place, { do: 'follow' }),
      });
  for (;;) {
    const [next] = [...actionsOf(world, { ...scope, faultKinds: [] })].filter(isProgress);
    if (next === undefined) return world;
    ({ world } = await apply(world, next, scope, automaton));
  }
}

const endless = 'Quiet: the world does not come to rest';

class Search {
  readonly #scope: Scope;
  readonly #options: SearchOptions;
  readonly #automaton: Automaton;
  readonly #canonical: (world: World) => string;
  readonly #ids = new Map<string, number>();
  readonly #worlds: (World | undefined)[] = [];
  /** The state from which each state was reached first, and the index of the action. */
  readonly #parents: number[] = [];
  readonly #indexes: number[] = [];
  readonly #depths: number[] = [];
  /** How many steps without acts and faults ended the shortest story. */
  readonly #calm: number[] = [];
  /** For each state, its successors without acts and faults. */
  readonly #successors: Uint32Array[] = [];
  #transitions = 0;
  #atRest = 0;

  constructor(scope: Scope, options: SearchOptions) {
    this.#scope = scope;
    this.#options = options;
    this.#automaton = options.automaton ?? automatonOf(scope);
    this.#canonical = options.canonical ?? canonical;
  }

  async run(): Promise<Result> {
    const { maxStates = Number.POSITIVE_INFINITY, progress } = this.#options;
    this.#add(await beginning(this.#scope, this.#automaton), -1, 0, false);
    let id = 0;
    for (; id < this.#worlds.length && this.#worlds.length < maxStates; id += 1) {
      const violation = await this.#expand(id);
      if (violation !== undefined) return this.#result(violation, false);
      this.#worlds[id] = undefined;
      if (id % 1_000 === 0) progress?.(this.#worlds.length, this.#depths[id] ?? 0, this.#worlds.length - id);
    }
    const isComplete = id === this.#worlds.length;
    const cycle = isComplete ? longestPaths(this.#successors).cycle : undefined;
    if (cycle === undefined) return this.#result(undefined, isComplete);
    return this.#result({ violation: endless, story: await this.#story(cycle, -1) }, true);
  }

  async #expand(id: number): Promise<Found | undefined> {
    const world = this.#worlds[id];
    if (world === undefined) throw new Error(`state ${id} was expanded already`);
    const broken = violationOfState(world);
    if (broken !== undefined) return { violation: broken, story: await this.#story(id, -1) };
    if ((this.#calm[id] ?? 0) > endlessSteps) return { violation: endless, story: await this.#story(id, -1) };
    const successors: number[] = [];
    let index = 0;
    for (const action of actionsOf(world, this.#scope)) {
      const { world: next, written } = await apply(world, action, this.#scope, this.#automaton);
      this.#transitions += 1;
      const violation = written && violationOfWrite(written, this.#scope);
      if (violation !== undefined) return { violation, story: await this.#story(id, index) };
      const successor = this.#add(next, id, index, isProgress(action));
      if (isProgress(action)) successors.push(successor);
      index += 1;
    }
    this.#successors[id] = Uint32Array.from(successors);
    if (successors.length > 0) return undefined;
    this.#atRest += 1;
    const leader = world.replicas[world.holder]?.place ?? this.#automaton.start;
    const process = await this.#automaton.process(leader.node);
    const violation = violationAtRest(world, { leader, process }, this.#scope);
    return violation === undefined ? undefined : { violation, story: await this.#story(id, -1) };
  }

  #add(world: World, parent: number, index: number, isCalm: boolean): number {
    const key = this.#canonical(world);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#worlds.length;
    this.#ids.set(key, id);
    this.#worlds.push(world);
    this.#parents.push(parent);
    this.#indexes.push(index);
    this.#depths.push(parent < 0 ? 0 : (this.#depths[parent] ?? 0) + 1);
    this.#calm.push(isCalm ? (this.#calm[parent] ?? 0) + 1 : 0);
    return id;
  }

  /** The actions that lead to a state, and then one more; -1 for none. */
  async #story(id: number, then: number): Promise<readonly Action[]> {
    const indexes = then < 0 ? [] : [then];
    for (let at = id; (this.#parents[at] ?? -1) >= 0; at = this.#parents[at] ?? -1)
      indexes.unshift(this.#indexes[at] ?? 0);
    const story: Action[] = [];
    let world = await beginning(this.#scope, this.#automaton);
    for (const index of indexes) {
      const action = [...actionsOf(world, this.#scope)][index];
      if (action === undefined) throw new Error('the story cannot be repeated');
      story.push(action);
      ({ world } = await apply(world, action, this.#scope, this.#automaton));
    }
    return story;
  }

  #result(found: Found | undefined, isComplete: boolean): Result {
    return {
      scope: this.#scope,
      states: this.#worlds.length,
      transitions: this.#transitions,
      atRest: this.#atRest,
      depth: this.#depths.at(-1) ?? 0,
      restIn: isComplete && found === undefined ? longestPaths(this.#successors).longest : 0,
      nodes: this.#automaton.size,
      taken: this.#automaton.taken,
      found,
      isComplete,
    };
  }
}
