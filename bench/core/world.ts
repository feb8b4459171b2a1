import { readConfig } from '../../src/core/config/config.ts';
import { Allocator, type ServiceDecision } from '../../src/core/decide/allocator.ts';
import { applyPatch } from '../../src/core/model/service-patch.ts';
import { keyOf, type ServiceView } from '../../src/core/model/service-view.ts';
import { counter } from '../progress.ts';
import { controller } from './services.ts';

/** Nanoseconds for each Service, by what happens to it. */
export interface Times {
  /** It appears. */
  readonly arrive: number;
  /** Its turn comes: the decision, and the reservation of the address. */
  readonly reserve: number;
  /** The write is answered, and the Service looked at once more. */
  readonly confirm: number;
  /** It is deleted, and the address is free again. */
  readonly leave: number;
}

/** The real Allocator, driven as the controller drives it, with the API server's answers made up. */
export class World {
  readonly #allocator = new Allocator({
    class: undefined,
    configMap: { namespace: 'kube-system', name: 'kubevip' },
    controller,
    claims: false,
  });
  #version = 1_000_000_000;

  /** The first list: everybody who is served already is looked at once. Nanoseconds for each. */
  adopt(views: readonly ServiceView[]): number {
    const begun = performance.now();
    this.#allocator.replaceServices(views, this.#next());
    this.#drain(views.length, 'adopting');
    return nanoseconds(begun, views.length);
  }

  /** New pools: everybody is looked at again. Nanoseconds for each. */
  setPools(data: Record<string, string>): number {
    const begun = performance.now();
    this.#allocator.setConfig(readConfig({ metadata: { name: 'kubevip' }, data }));
    this.#drain(this.#allocator.ledger.size, 'new pools');
    return nanoseconds(begun, this.#allocator.ledger.size);
  }

  /** A batch of new Services comes, is served and goes. `addresses` is filled with what they were given. */
  batch(views: readonly ServiceView[], addresses: string[]): Times {
    const allocator = this.#allocator;
    const decisions: ServiceDecision[] = [];
    const begun = performance.now();
    for (const view of views) allocator.putService(view);
    const arrived = performance.now();
    for (let i = 0; i < views.length; i += 1) {
      const decided = allocator.next();
      if (decided?.decision.kind !== 'write')
        throw new Error(`not served: ${JSON.stringify(decided?.decision)}`);
      allocator.assume(decided.state, decided.decision.patch);
      decisions.push(decided);
    }
    const reserved = performance.now();
    addresses.length = 0;
    const answers = decisions.map(({ state, decision }) => {
      if (decision.kind !== 'write') throw new Error('unreachable: looked at above');
      addresses.push(decision.addresses);
      return { ...applyPatch(state.view, decision.patch), resourceVersion: this.#next() };
    });
    const answered = performance.now();
    for (const answer of answers) {
      allocator.answered(answer);
      allocator.settle(keyOf(answer));
    }
    for (let decided = allocator.next(); decided !== undefined; decided = allocator.next())
      expectKeep(decided);
    const confirmed = performance.now();
    const version = this.#next();
    const leaving = performance.now();
    for (const view of views) allocator.deleteService(keyOf(view), version);
    const left = performance.now();
    const each = (from: number, to: number): number => ((to - from) * 1e6) / views.length;
    return {
      arrive: each(begun, arrived),
      reserve: each(arrived, reserved),
      confirm: each(answered, confirmed),
      leave: each(leaving, left),
    };
  }

  /** Services that are served leave and come back, each at its own random place. Nanoseconds for each. */
  turnOver(views: readonly ServiceView[]): number {
    const allocator = this.#allocator;
    const version = this.#next();
    const begun = performance.now();
    for (const view of views) {
      allocator.deleteService(keyOf(view), version);
      allocator.putService(view);
      expectKeep(allocator.next());
    }
    return nanoseconds(begun, views.length);
  }

  #drain(most: number, what: string): void {
    const tell = counter(what, most);
    let done = 0;
    for (let decided = this.#allocator.next(); decided !== undefined; decided = this.#allocator.next()) {
      expectKeep(decided);
      done += 1;
      if (done % 1_000 === 0) tell(done);
    }
  }

  #next(): string {
    this.#version += 1;
    return String(this.#version);
  }
}

/** Not a claim about the core: only that what is timed is what the figure says. */
function expectKeep(decided: ServiceDecision | undefined): void {
  if (decided?.decision.kind !== 'keep') throw new Error(`not kept: ${JSON.stringify(decided?.decision)}`);
}

function nanoseconds(begun: number, times: number): number {
  return times === 0 ? Number.NaN : ((performance.now() - begun) * 1e6) / times;
}
