import { readConfig } from '../../src/core/config/config.ts';
import { Allocator, type ServiceDecision, type ServiceWork } from '../../src/core/decide/allocator.ts';
import { applyPatch, type ServicePatch } from '../../src/core/model/service-patch.ts';
import { keyOf, type ServiceView } from '../../src/core/model/service-view.ts';
import { controllerOptions } from './services.ts';

/** Nanoseconds for each Service. */
export interface Times {
  /** It is added. */
  readonly arrive: number;
  /** The decision, and the reservation of the address. */
  readonly reserve: number;
  /** The answer to the write is processed. */
  readonly confirm: number;
}

interface Write {
  readonly view: ServiceView;
  readonly patch: ServicePatch;
  readonly addresses: string;
  readonly work: ServiceWork['work'];
}

/** Drives the Allocator as the controller does, with simulated answers of the API server. */
export class Driver {
  readonly #allocator = new Allocator(controllerOptions, () => 0);
  /**
   * The writes in flight. The list is reused: one that grows with each batch moves to the old generation, and keeps finished writes
   * alive, which each young collection then copies. The controller has no such list.
   */
  readonly #writes: (Write | undefined)[] = [];
  #version = 1_000_000_000;

  /** The first list, in which all Services have an address. Returns nanoseconds for each Service. */
  adopt(views: readonly ServiceView[]): number {
    const begun = performance.now();
    this.#allocator.replaceServices(views, this.#nextVersion());
    this.#expectAllKept();
    return nanoseconds(begun, views.length);
  }

  /** New pools, after which all Services are decided again. Returns nanoseconds for each Service. */
  setPools(data: Record<string, string>): number {
    const begun = performance.now();
    this.#allocator.setConfig(readConfig({ metadata: { name: 'kubevip' }, data }));
    this.#expectAllKept();
    return nanoseconds(begun, this.#allocator.ledger.size);
  }

  /** Adds new Services, assigns addresses to them, and deletes them. Returns the addresses, too. */
  batch(views: readonly ServiceView[]): { times: Times; addresses: string[] } {
    const allocator = this.#allocator;
    const begun = performance.now();
    for (const view of views) allocator.putService(view);
    const arrive = nanoseconds(begun, views.length);
    const decided = performance.now();
    for (let i = 0; i < views.length; i += 1) {
      const next = allocator.next(0);
      if (next?.decision.kind !== 'write') throw unexpected(next);
      const { state, decision, work } = next;
      allocator.assume(next, decision.patch);
      this.#writes[i] = { view: state.view, patch: decision.patch, addresses: decision.addresses.text, work };
    }
    const reserve = nanoseconds(decided, views.length);
    const writes = this.#writes.filter((write) => write !== undefined);
    this.#writes.fill(undefined);
    const answers = writes.map(({ view, patch, work }) => ({
      answer: { ...applyPatch(view, patch), resourceVersion: this.#nextVersion() },
      work,
    }));
    const answered = performance.now();
    for (const { answer, work } of answers) {
      allocator.answered(answer);
      work.done();
    }
    this.#expectAllKept();
    const confirm = nanoseconds(answered, views.length);
    const version = this.#nextVersion();
    for (const view of views) allocator.deleteService(keyOf(view), version);
    return { times: { arrive, reserve, confirm }, addresses: writes.map(({ addresses }) => addresses) };
  }

  /** Ensures that the measured work is what the figure says. */
  #expectAllKept(): void {
    for (let next = this.#allocator.next(0); next !== undefined; next = this.#allocator.next(0)) {
      if (next.decision.kind !== 'keep') throw unexpected(next);
      next.work.done();
    }
  }

  #nextVersion(): string {
    this.#version += 1;
    return String(this.#version);
  }
}

function unexpected(decided: ServiceDecision | undefined): Error {
  return new Error(`unexpected decision: ${JSON.stringify(decided?.decision)}`);
}

export function nanoseconds(begun: number, times: number): number {
  return ((performance.now() - begun) * 1e6) / times;
}

/** Bytes of live objects; needs --expose-gc. The second collection frees what the first has found. */
export function heapUsed(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
