import { ApiError } from '../client/errors.ts';
import type { Allocator } from '../core/decide/allocator.ts';
import { type AnnouncementProblem, announcementProblem, refined } from '../core/decide/announcement.ts';
import { warnOfForeignStatus } from '../core/explain/explain-announcement.ts';
import { AddressMap } from '../core/ip/address-map.ts';
import { managedPaths, ownerOf } from '../core/model/managed-fields.ts';
import type { Service } from '../core/model/objects.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { textOf } from './announcements.ts';
import type { WriterContext } from './in-flight-writes.ts';
import { listNodes } from './node-addresses.ts';
import type { Reporter } from './reporter.ts';
import { pathOf } from './write-service.ts';

/** kube-vip replaces an earlier address within this time. */
const replacementMs = 30_000;
/** The addresses of nodes rarely change. */
const nodesMs = 60_000;

export interface ForeignStatusOptions {
  readonly context: Pick<WriterContext, 'api' | 'clock'>;
  readonly allocator: Allocator;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

interface DueCheck {
  readonly view: ServiceView;
  readonly text: string;
  readonly at: number;
}

/**
 * Finds out which program writes addresses into a status that were not assigned, and reports it once for each such status.
 * One Service is read at a time, after kube-vip had time to replace an earlier address.
 */
export class ForeignStatus {
  readonly #options: ForeignStatusOptions;
  /** In the order of `at`. */
  readonly #due = new Map<ServiceKey, DueCheck>();
  readonly #reported = new Map<ServiceKey, string>();
  #nodes: { readonly names: AddressMap<string>; readonly until: number } | undefined;
  #isChecking = false;
  #cancel: (() => void) | undefined;

  constructor(options: ForeignStatusOptions) {
    this.#options = options;
  }

  /** Call with each new state of a Service. */
  put(view: ServiceView, problem: AnnouncementProblem | undefined): void {
    const key = keyOf(view);
    if (problem?.code !== 'foreign-status') {
      this.forget(key);
      return;
    }
    const text = `${view.uid} ${textOf(problem)}`;
    if (this.#reported.get(key) === text || this.#due.get(key)?.text === text) return;
    this.#due.delete(key);
    this.#due.set(key, { view, text, at: this.#options.context.clock.now() + replacementMs });
    this.#schedule();
  }

  forget(key: ServiceKey): void {
    this.#due.delete(key);
    this.#reported.delete(key);
  }

  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of [...this.#due.keys(), ...this.#reported.keys()]) if (!isKnown(key)) this.forget(key);
  }

  close(): void {
    this.#cancel?.();
    this.#due.clear();
  }

  #schedule(): void {
    const [next] = this.#due.values();
    if (next === undefined || this.#isChecking || this.#cancel !== undefined) return;
    const { clock } = this.#options.context;
    this.#cancel = clock.after(Math.max(0, next.at - clock.now()), () => {
      this.#cancel = undefined;
      this.#isChecking = true;
      void this.#checkDue().finally(() => {
        this.#isChecking = false;
        this.#schedule();
      });
    });
  }

  async #checkDue(): Promise<void> {
    const { clock } = this.#options.context;
    for (const [key, { view, text, at }] of this.#due) {
      if (at > clock.now()) return;
      this.#due.delete(key);
      this.#reported.set(key, text);
      try {
        await this.#check(key, view);
      } catch {
        if (this.#options.signal.aborted) return;
        // The API server does not answer now. Should the Service be gone, its watch removes this entry.
        this.#reported.delete(key);
        this.#due.set(key, { view, text, at: clock.now() + replacementMs });
      }
    }
  }

  async #check(key: ServiceKey, view: ServiceView): Promise<void> {
    const { context, allocator, reporter, signal } = this.#options;
    const service = await context.api.get<Service>(pathOf(view), signal);
    const manager = ownerOf(service.metadata.managedFields ?? [], managedPaths.statusAddresses)?.manager;
    const found = currentProblem(key, allocator);
    if (found?.code !== 'foreign-status') return;
    if (refined(found, { manager }).code === 'not-announced') {
      reporter.statusOfKubeVip(key, found);
      return;
    }
    const nodes = await this.#nodeNames();
    // Awaiting the nodes may have taken a while.
    const seen = allocator.seen(key);
    const problem = currentProblem(key, allocator);
    if (seen === undefined || problem?.code !== 'foreign-status') return;
    const nodeAt = (address: AnnouncementProblem['shown'][number]) => nodes.get(address);
    reporter.foreignStatus(seen, warnOfForeignStatus(seen, problem, { manager, nodeAt }), manager);
  }

  /** The names of the nodes by address; empty if they cannot be listed, which is optional. */
  async #nodeNames(): Promise<AddressMap<string>> {
    const { clock, api } = this.#options.context;
    if (this.#nodes !== undefined && clock.now() < this.#nodes.until) return this.#nodes.names;
    let names = new AddressMap<string>();
    try {
      names = await listNodes(api, this.#options.signal);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    this.#nodes = { names, until: clock.now() + nodesMs };
    return names;
  }
}

function currentProblem(key: ServiceKey, allocator: Allocator): AnnouncementProblem | undefined {
  const decided = allocator.explain(key);
  return decided && announcementProblem(decided.state.view, decided.decision);
}
