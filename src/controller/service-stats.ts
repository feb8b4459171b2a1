import type { Clock } from '../client/transport.ts';
import type { Shortage } from '../core/decide/allocation-failure.ts';
import { type Decision, disputedIn, type Note, type Refusal } from '../core/decide/decision.ts';
import { formatAddress } from '../core/ip/address.ts';
import type { ServiceKey } from '../core/model/service-view.ts';
import { Counts } from '../metrics/counts.ts';

/** `failing`: the API server does not accept what was to be written. */
export type State = 'served' | 'waiting' | 'refused' | 'failing';

type Wish = (Note & { code: 'unmet' })['wish'];

const states: Readonly<Record<State, true>> = { served: true, waiting: true, refused: true, failing: true };
export const refusals: Readonly<Record<Refusal['code'], true>> = { taken: true, 'not-an-address': true };
const wishes: Readonly<Record<Wish, true>> = { families: true, ports: true, reallocate: true };

/** A Service of which there is nothing to count but itself: nearly all of them, so it is kept once. */
const plain: Decision = { kind: 'keep', addresses: '', source: '', notes: [] };

/**
 * How the Services stand, by what was last decided on each. Kept with every decision in O(its notes), so that whoever reads it
 * looks at no Service but those that wait.
 *
 * Invariant: the counts are the sum of what `#count` adds for each entry of `#last`.
 */
export class Census {
  readonly states = new Counts<[state: State]>(each(states));
  readonly refused = new Counts<[reason: Refusal['code']]>(each(refusals));
  readonly unmet = new Counts<[wish: Wish]>(each(wishes));
  /** One that needs addresses of both families is in two of them. */
  readonly waiting = new Counts<Lack>();
  readonly #clock: Clock;
  readonly #last = new Map<ServiceKey, Decision | 'failing'>();
  /** When the wait of those that wait began. */
  readonly #since = new Map<ServiceKey, number>();
  readonly #disputed = new Counts<[address: string]>();
  #outside = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Addresses that more have or ask for than may. */
  get disputed(): number {
    return this.#disputed.size;
  }

  /** Addresses that are held outside the pool of their Service. */
  get outside(): number {
    return this.#outside;
  }

  /** `since`: when the watch told of it, where that is known. */
  put(key: ServiceKey, next: Decision | 'failing', since = this.#clock.now()): void {
    const before = this.#since.get(key);
    this.delete(key);
    if (typeof next === 'object' && next.kind === 'wait') this.#since.set(key, before ?? since);
    const isPlain = typeof next === 'object' && next.kind === 'keep' && next.notes.length === 0;
    this.#last.set(key, isPlain ? plain : next);
    this.#count(next, 1);
  }

  delete(key: ServiceKey): void {
    const last = this.#last.get(key);
    if (last === undefined) return;
    this.#last.delete(key);
    this.#since.delete(key);
    this.#count(last, -1);
  }

  /** For each that waits the seconds, by what it is short of: O(those that wait). */
  *waits(): IterableIterator<readonly [...lack: Lack, seconds: number]> {
    const now = this.#clock.now();
    for (const [key, since] of this.#since) {
      const decision = this.#last.get(key);
      if (typeof decision !== 'object' || decision.kind !== 'wait') continue;
      for (const shortage of decision.shortages) yield [...lackOf(shortage), (now - since) / 1000];
    }
  }

  deleteOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of this.#last.keys()) if (!isKnown(key)) this.delete(key);
  }

  #count(decision: Decision | 'failing', by: 1 | -1): void {
    const state = stateOf(decision);
    if (state !== undefined) this.states.add([state], by);
    if (decision === 'failing') return;
    if (decision.kind === 'wait') {
      for (const shortage of decision.shortages) this.waiting.add(lackOf(shortage), by);
    }
    if (decision.kind === 'refuse') this.refused.add([decision.refusal.code], by);
    for (const address of disputedIn(decision)) this.#disputed.add([formatAddress(address)], by);
    if (!('notes' in decision)) return;
    for (const note of decision.notes) {
      if (note.code === 'outside-pool') this.#outside += by;
      if (note.code === 'unmet') this.unmet.add([note.wish], by);
    }
  }
}

/** What those that wait are short of: the pool's key and the family, where there is a pool. */
type Lack = [key: string, family: string, reason: Shortage['code']];

function lackOf(shortage: Shortage): Lack {
  return ['key' in shortage ? shortage.key : '', 'family' in shortage ? shortage.family : '', shortage.code];
}

function stateOf(decision: Decision | 'failing'): State | undefined {
  if (decision === 'failing') return 'failing';
  switch (decision.kind) {
    case 'keep':
    case 'write':
      return 'served';
    case 'wait':
      return 'waiting';
    case 'refuse':
      return 'refused';
    case 'ignore':
    case 'release':
      return undefined;
  }
}

/** The keys of a record that names a closed union: one that was forgotten does not compile. */
export function each<Value extends string>(all: Readonly<Record<Value, unknown>>): [Value][] {
  return Object.keys(all).map((value) => [value as Value]);
}
