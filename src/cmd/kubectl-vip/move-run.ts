import { ApiError, errorText } from '../../client/errors.ts';
import type { Clock } from '../../client/transport.ts';
import { abortScope, sleep } from '../../client/wait.ts';
import type { Allocator } from '../../core/decide/allocator.ts';
import { announcementProblem } from '../../core/decide/announcement.ts';
import { subjectOf } from '../../core/decide/facts.ts';
import { canMoveTo } from '../../core/decide/target-allocation.ts';
import { explainDecision } from '../../core/explain/explain-decision.ts';
import type { ServiceState } from '../../core/ledger/service-state.ts';
import { formatAddressList } from '../../core/model/address-list.ts';
import type { Options } from '../../core/model/options.ts';
import { compareVersions, type ServiceKey, targetOf } from '../../core/model/service-view.ts';
import type { Move, MovePlan } from '../../core/queries/drain.ts';
import type { MoveOptions, WaitFor } from './move-options.ts';

/** The cluster, kept up to date by watches, and the one write that a move needs. */
export interface LiveCluster {
  readonly allocator: Allocator;
  readonly options: Options;
  /** Resolves after the next change. */
  changed(): Promise<void>;
  /** Asks the controller to move the Service, if it is still in this version. Resolves with the new version. */
  request(move: Move, resourceVersion: string): Promise<string>;
  /** Plans again, from what the API server has now. */
  replan(): Promise<MovePlan>;
}

export interface MoveOutcome {
  readonly kind: 'done' | 'stopped' | 'interrupted';
  /** Why it stopped; empty if it did not. */
  readonly why: string;
  readonly done: readonly Move[];
  /** Requested, and not done yet: the controller goes on with them. */
  readonly underWay: readonly Move[];
  readonly left: readonly Move[];
}

/** A move that was requested, and is not done yet. */
interface Requested {
  readonly move: Move;
  /** The version of the Service after the request. */
  readonly version: string;
  readonly waitFor: WaitFor;
}

/** So many requests are sent at the same time. */
const concurrency = 10;
/** A Service that changes more often between a read and a write is being fought over. */
const maxConflicts = 20;
/** The longest delay of a timer. */
const maxTimerMs = 2 ** 31 - 1;

/** Moves Services a batch at a time. It stops at the first failure, or when the signal is aborted, and leaves no request unfinished. */
export class MoveRun {
  readonly #cluster: LiveCluster;
  readonly #options: MoveOptions;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #report: (line: string) => void;
  readonly #done: Move[] = [];
  readonly #underWay = new Map<ServiceKey, Requested>();
  #left: readonly Move[];

  constructor(
    plan: MovePlan,
    cluster: LiveCluster,
    options: MoveOptions,
    { clock, signal, report }: { clock: Clock; signal: AbortSignal; report: (line: string) => void },
  ) {
    this.#cluster = cluster;
    this.#options = options;
    this.#clock = clock;
    this.#signal = signal;
    this.#report = report;
    this.#left = plan.moves;
    for (const move of plan.underWay)
      this.#underWay.set(move.service, { move, version: '', waitFor: options.wait });
  }

  async run(): Promise<MoveOutcome> {
    try {
      await this.#moveAll();
      return this.#outcome('done', '');
    } catch (error) {
      return this.#signal.aborted
        ? this.#outcome('interrupted', '')
        : this.#outcome('stopped', errorText(error));
    }
  }

  #outcome(kind: MoveOutcome['kind'], why: string): MoveOutcome {
    const underWay = [...this.#underWay.values()].map(({ move }) => move);
    return { kind, why, done: this.#done, underWay, left: this.#left };
  }

  async #moveAll(): Promise<void> {
    this.#signal.throwIfAborted();
    await this.#settle();
    while (this.#left.length > 0) {
      this.#signal.throwIfAborted();
      if (!this.#left.slice(0, this.#options.batch).every((move) => this.#isAvailable(move)))
        await this.#replan();
      await this.#requestAll(this.#left.slice(0, this.#options.batch));
      await this.#settle();
      const { pauseMs } = this.#options;
      if (this.#left.length > 0 && pauseMs > 0) await sleep(this.#clock, pauseMs, this.#signal);
    }
    await this.#checkEmpty();
  }

  /** A pool can have assigned the addresses again meanwhile. */
  async #checkEmpty(): Promise<void> {
    const { moves, blocked } = await this.#cluster.replan();
    const services = [...moves, ...blocked].map(({ service }) => service);
    // What was not waited for is still there.
    const again = services.filter((service) => !this.#done.some((move) => move.service === service));
    this.#left = moves.filter(({ service }) => again.includes(service));
    if (again.length > 0)
      throw new Error(`${again.length} other Services have these addresses now, such as ${again[0]}.`);
  }

  /** Whether no Service has taken the addresses since they were chosen. */
  #isAvailable(move: Move): boolean {
    const state = this.#current(move);
    return state === undefined || canMoveTo(subjectOf(state, this.#cluster.allocator), move.to);
  }

  async #replan(): Promise<void> {
    const planned = new Set(this.#left.map(({ service }) => service));
    const { moves, blocked } = await this.#cluster.replan();
    const [stuck] = blocked.filter(({ service }) => planned.has(service));
    if (stuck !== undefined) throw new Error(`${stuck.service} cannot be moved any more: ${stuck.why}`);
    this.#left = moves.filter(({ service }) => planned.has(service));
    this.#report('Another Service took a planned address. The remaining Services are planned again.');
  }

  /** Requests these moves. All requests that were sent have been answered when it returns or rejects. */
  async #requestAll(batch: readonly Move[]): Promise<void> {
    const queue = [...batch];
    const failures: unknown[] = [];
    const work = async (): Promise<void> => {
      for (let move = queue.shift(); move !== undefined; move = queue.shift()) {
        if (this.#signal.aborted || failures.length > 0) return;
        await this.#request(move).catch((error: unknown) => failures.push(error));
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, batch.length) }, work));
    if (failures.length > 0) throw failures[0];
    this.#signal.throwIfAborted();
  }

  async #request(move: Move): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const change = this.#cluster.changed();
      const state = this.#current(move);
      if (state === undefined) {
        this.#drop(move);
        return;
      }
      const now = listOf(state);
      if (now !== move.to && now !== move.from)
        throw new Error(
          `${move.service} has ${now === '' ? 'no address' : now} now, and had ${move.from} before.`,
        );
      const waitFor = this.#waitFor(state);
      const isRequested = now === move.to || targetOf(state.view) === move.to;
      try {
        const version = isRequested ? '' : await this.#cluster.request(move, state.view.resourceVersion);
        this.#left = this.#left.filter((one) => one !== move);
        this.#underWay.set(move.service, { move, version, waitFor });
        return;
      } catch (error) {
        // The Service is gone, or another one has its name.
        if (error instanceof ApiError && (error.status === 404 || error.status === 422)) {
          this.#drop(move);
          return;
        }
        if (!(error instanceof ApiError) || error.status !== 409 || attempt === maxConflicts) throw error;
      }
      // The watch shows the version that the write has to be based on.
      await this.#until(change, this.#options.timeoutMs);
      this.#signal.throwIfAborted();
    }
  }

  /** What nothing has announced before is not expected to be announced afterwards. */
  #waitFor(state: ServiceState): WaitFor {
    const { wait } = this.#options;
    const decision = this.#cluster.allocator.explain(state.key)?.decision;
    const isAnnounced = decision !== undefined && announcementProblem(state.view, decision) === undefined;
    return wait === 'announced' && !isAnnounced ? 'assigned' : wait;
  }

  #drop(move: Move): void {
    this.#left = this.#left.filter((one) => one !== move);
    this.#underWay.delete(move.service);
    this.#report(`${move.service} was deleted ${this.#counts()}`);
  }

  /** Waits until every requested move is done. */
  async #settle(): Promise<void> {
    const start = this.#clock.now();
    for (;;) {
      const change = this.#cluster.changed();
      for (const requested of [...this.#underWay.values()]) this.#check(requested);
      if (this.#underWay.size === 0) return;
      this.#signal.throwIfAborted();
      const remainingMs = start + this.#options.timeoutMs - this.#clock.now();
      if (remainingMs <= 0) throw new Error(this.#tooSlow());
      await this.#until(change, remainingMs);
    }
  }

  /** Ends the move if it is done. Throws if it failed. */
  #check({ move, version, waitFor }: Requested): void {
    if (waitFor === 'none') {
      this.#finish(move, 'requested');
      return;
    }
    const state = this.#current(move);
    if (state === undefined) {
      this.#drop(move);
      return;
    }
    const isShown = compareVersions(state.view.resourceVersion, version) >= 0;
    if (isShown && this.#isReached(move, state, waitFor)) this.#finish(move, waitFor);
  }

  /** Whether the Service is where it should be, as far as is waited for. Throws if it will not be. */
  #isReached(move: Move, state: ServiceState, waitFor: WaitFor): boolean {
    const { allocator, options } = this.#cluster;
    const decision = allocator.explain(state.key)?.decision;
    if (decision === undefined) return false;
    if (state.view.reallocate) {
      const isRefused =
        decision.kind === 'conflict' ||
        ('conditions' in decision && decision.conditions.some(({ code }) => code === 'pending-change'));
      if (isRefused) throw new Error(`${move.service} was not moved: ${explainDecision(decision, options)}`);
      return false;
    }
    const list = listOf(state);
    if (list !== move.to)
      throw new Error(
        `${move.service} was not moved: another client changed it. It has ${list === '' ? 'no address' : list} now.`,
      );
    return waitFor === 'assigned' || announcementProblem(state.view, decision) === undefined;
  }

  #finish(move: Move, how: string): void {
    this.#underWay.delete(move.service);
    this.#done.push(move);
    this.#report(`${move.service}  ${move.from} -> ${move.to}  ${how} ${this.#counts()}`);
  }

  #counts(): string {
    return `(${this.#done.length} done, ${this.#underWay.size} under way, ${this.#left.length} left)`;
  }

  #tooSlow(): string {
    const seconds = this.#options.timeoutMs / 1_000;
    const [first] = this.#underWay.values();
    const move = first?.move;
    const state = move && this.#current(move);
    const isAssigned = state !== undefined && listOf(state) === move?.to;
    return isAssigned
      ? `${move?.service} has ${move?.to}, but its status does not show it after ${seconds} s. Check that kube-vip is running. Some versions announce a changed address only after a restart of kube-vip: then restart it after the drain, and add --wait assigned.`
      : `${move?.service} still has ${move?.from} after ${seconds} s. Check that the controller is running: kubectl vip audit`;
  }

  /** The Service as the watch shows it; undefined if it is gone. */
  #current({ service, uid }: Move): ServiceState | undefined {
    const state = this.#cluster.allocator.ledger.get(service);
    return state?.view.uid === uid ? state : undefined;
  }

  async #until(change: Promise<void>, ms: number): Promise<void> {
    const scope = abortScope(this.#signal);
    void change.then(() => scope.abort(undefined));
    await sleep(this.#clock, Math.min(ms, maxTimerMs), scope.signal);
    scope.release();
  }
}

function listOf({ intent }: ServiceState): string {
  return 'list' in intent ? formatAddressList(intent.list) : '';
}
