import type { EventRecorder, Regarding } from '../client/events.ts';
import type { Log, LogFields } from '../client/log.ts';
import type { Pools } from '../core/config/config.ts';
import type { Allocator } from '../core/decide/allocator.ts';
import { type Decision, disputedIn, isDispute } from '../core/decide/decision.ts';
import { explainProblem } from '../core/explain/explain-config.ts';
import {
  codesOf,
  explainDecision,
  explainNote,
  explainWrite,
  isWarning,
  reasonOf,
} from '../core/explain/explain-decision.ts';
import { formatAddress } from '../core/ip/address.ts';
import type { ConfigMap } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { poolRows } from '../core/queries/report.ts';
import { claimNeeds } from './claim-requirements.ts';
import type { Figures } from './counters.ts';

/**
 * The reasons of events, each with its type; docs/events.md has them as a table. Those of assigning, failing and releasing are what users of
 * `kubectl describe` know from the Go version and from Kubernetes' own service controller.
 */
export const eventTypes = {
  EnsuredLoadBalancer: 'Normal',
  SyncLoadBalancerFailed: 'Warning',
  DeletedLoadBalancer: 'Normal',
  LoadBalancerFieldsUndone: 'Warning',
  /** On a Service that keeps its address. */
  AddressConflict: 'Warning',
  AddressConflictResolved: 'Normal',
  InvalidPoolConfiguration: 'Warning',
} as const;

type Reason = keyof typeof eventTypes;

/** A ConfigMap may have thousands of pools; the log has room for some. */
const mostPools = 100;

/**
 * Says what was done, or why not, in Events and in the log: once for each change. While it stays so, nothing is said again but
 * events that the API server would have forgotten.
 */
export class Signals {
  readonly #events: EventRecorder;
  readonly #log: Log;
  readonly #options: Options;
  readonly #figures: Figures;
  /** What was last said of a Service that there is something to say of. */
  readonly #said = new Map<ServiceKey, string>();
  /** The addresses that a served Service was told others want, too. */
  readonly #disputed = new Map<ServiceKey, { readonly uid: string; readonly addresses: readonly string[] }>();
  /** What was last said of the ConfigMap. */
  #problems: ReadonlySet<string> = new Set();
  /** What was last said to be missing for claims. */
  #needs: string | undefined;

  constructor(events: EventRecorder, log: Log, options: Options, figures: Figures) {
    this.#events = events;
    this.#log = log;
    this.#options = options;
    this.#figures = figures;
  }

  /** A Service was looked at and nothing is to be written: said only where its reason is a new one. */
  decided(view: ServiceView, decision: Decision): void {
    const key = keyOf(view);
    const { census, arrivals, refusals } = this.#figures;
    census.put(key, decision, arrivals.since(view));
    if (decision.kind !== 'wait') arrivals.delete(key);
    this.#settled(view, decision);
    const reason = reasonOf(decision);
    if (reason === '') {
      this.#said.delete(key);
      return;
    }
    if (!this.#isNew(view, reason)) return;
    if (decision.kind === 'refuse') refusals.add([decision.refusal.code]);
    const sentence = explainDecision(decision, this.#options);
    this.#log.warn(sentence, { service: key, decision: decision.kind, reason: codesOf(decision) });
    this.#warn(view, decision, sentence);
  }

  /** Whether something was said of the Service that still holds, as far as was told. */
  hasSaid(key: ServiceKey): boolean {
    return this.#said.has(key);
  }

  /** Says in an event once more what was said before, if it is still the case. */
  remind(view: ServiceView, decision: Decision): void {
    if (this.#said.get(keyOf(view)) !== saidOf(view, reasonOf(decision))) return;
    this.#warn(view, decision, explainDecision(decision, this.#options));
  }

  #warn(view: ServiceView, decision: Decision, sentence: string): void {
    if (!isWarning(decision)) return;
    const isDisputed = decision.kind === 'keep' && decision.notes.some(isDispute);
    this.#event(view, isDisputed ? 'AddressConflict' : 'SyncLoadBalancerFailed', sentence);
  }

  /** Says so where a Service that kept its address through a conflict has it undisputed again. */
  #settled(view: ServiceView, decision: Decision): void {
    const key = keyOf(view);
    const before = this.#disputed.get(key);
    const addresses = disputedIn(decision).map(formatAddress);
    if (decision.kind !== 'keep' || addresses.length === 0) this.#disputed.delete(key);
    else this.#disputed.set(key, { uid: view.uid, addresses });
    if (decision.kind !== 'keep' || before?.uid !== view.uid) return;
    for (const address of before.addresses) {
      if (addresses.includes(address)) continue;
      const sentence = `The conflict over ${address} is over: nobody else has it or asks for it any more.`;
      this.#log.info(sentence, { service: key });
      this.#event(view, 'AddressConflictResolved', sentence);
    }
  }

  /** A change was written. Our own notes on it are worth a line in the log, not an event. */
  written(view: ServiceView, decision: Decision): void {
    const key = keyOf(view);
    if (decision.kind === 'write') {
      this.#count(view, decision);
      const shared = decision.notes.find((note) => note.code === 'shared');
      const more = shared === undefined ? '' : `, ${explainNote(shared, this.#options)}`;
      const sentence = `${explainWrite(decision)}${more}`;
      const { cause, addresses, source } = decision;
      this.#log.info(sentence, { service: key, decision: decision.kind, cause, addresses, source });
      if (cause === 'adopt' || cause === 'update') return;
      this.#event(view, 'EnsuredLoadBalancer', sentence);
      // Of its own conflict this is the end, too.
      this.#disputed.delete(key);
    } else if (decision.kind === 'release') {
      this.#figures.releases += 1;
      const sentence = explainDecision(decision, this.#options);
      this.#log.info(sentence, { service: key, decision: decision.kind, addresses: decision.addresses });
      this.#event(view, 'DeletedLoadBalancer', sentence);
    }
  }

  #count(view: ServiceView, decision: Decision & { kind: 'write' }): void {
    const { census, arrivals, assignments } = this.#figures;
    const key = keyOf(view);
    census.put(key, decision);
    assignments.add([decision.cause]);
    if (decision.cause === 'allocate' || decision.cause === 'share') arrivals.served(view);
    else arrivals.delete(key);
  }

  /** The API server does not accept a change. */
  refused(view: ServiceView, error: Error, retryInMs: number): void {
    const key = keyOf(view);
    // Of leftovers there is nothing to count.
    if (view.type === 'LoadBalancer') this.#figures.census.put(key, 'failing');
    const retry = `It is tried again in ${Math.round(retryInMs / 1000)} s.`;
    this.#log.error(`the API server refused the change: ${error.message}`, { service: key, retryInMs });
    this.#explainNeeds(error);
    if (!this.#isNew(view, error.message)) return;
    this.#event(
      view,
      'SyncLoadBalancerFailed',
      `The API server refused the change: ${error.message}. ${retry}`,
    );
  }

  /** IPAddresses cannot be read, or not be written behind everything else. */
  claimsFailing(sentence: string, error: Error, fields: LogFields): void {
    this.#log.warn(sentence, fields);
    this.#explainNeeds(error);
  }

  /** They are read again. */
  claimsRecovered(): void {
    this.#needs = undefined;
  }

  /** Says once what is missing in the cluster for claims. */
  #explainNeeds(error: Error): void {
    const needs = claimNeeds(error);
    if (needs === undefined || needs === this.#needs) return;
    this.#needs = needs;
    this.#log.error(needs);
  }

  /** Somebody takes away again and again what is written. */
  undone(view: ServiceView, manager: string | undefined, fields: readonly string[]): void {
    const who = manager === undefined ? 'Another writer' : `The field manager "${manager}"`;
    const sentence = `${who} keeps undoing ${fields.join(', ')}: let it leave these fields alone. They are written again, less and less often.`;
    this.#log.warn(sentence, { service: keyOf(view), manager });
    this.#event(view, 'LoadBalancerFieldsUndone', sentence);
  }

  gone(key: ServiceKey): void {
    this.#said.delete(key);
    this.#disputed.delete(key);
    this.#figures.census.delete(key);
    this.#figures.arrivals.delete(key);
  }

  /** Forgets all but those that `isKnown` says are still there. */
  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of [...this.#said.keys(), ...this.#disputed.keys()]) if (!isKnown(key)) this.gone(key);
    this.#figures.census.deleteOthers(isKnown);
    this.#figures.arrivals.deleteOthers(isKnown);
  }

  /** How full each pool is, at the start and after each change of the ConfigMap. */
  counted(allocator: Allocator): void {
    if (!allocator.isReady) return;
    for (const { key, size, used, free } of poolRows(allocator).slice(0, mostPools)) {
      this.#log.info(`${key}: ${used} of ${size} addresses are in use`, {
        pool: key,
        size: String(size),
        used: String(used),
        free: String(free),
      });
    }
  }

  #isNew(view: ServiceView, reason: string): boolean {
    const key = keyOf(view);
    const said = saidOf(view, reason);
    if (this.#said.get(key) === said) return false;
    this.#said.set(key, said);
    return true;
  }

  /** The pools were read anew. */
  configured(configMap: ConfigMap | undefined, pools: Pools): void {
    const { namespace, name } = this.#options.configMap;
    const sentences = pools.problems.map(explainProblem);
    this.#log.info(configMap === undefined ? 'there is no ConfigMap, so there are no pools' : 'pools read', {
      configMap: `${namespace}/${name}`,
      pools: pools.byKey.size,
      problems: sentences.length,
    });
    const fresh = sentences.filter((sentence) => !this.#problems.has(sentence));
    this.#problems = new Set(sentences);
    for (const sentence of fresh) this.#log.warn(sentence, { configMap: `${namespace}/${name}` });
    if (configMap === undefined || fresh.length === 0) return;
    const regarding = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace,
      name,
      uid: configMap.metadata.uid ?? '',
    };
    this.#record(regarding, 'InvalidPoolConfiguration', fresh.join(' '));
  }

  #event(view: ServiceView, reason: Reason, message: string): void {
    const { namespace, name, uid, resourceVersion } = view;
    const regarding: Regarding = { apiVersion: 'v1', kind: 'Service', namespace, name, uid, resourceVersion };
    this.#record(regarding, reason, message[0]?.toUpperCase() + message.slice(1));
  }

  #record(regarding: Regarding, reason: Reason, message: string): void {
    this.#events.record({ regarding, type: eventTypes[reason], reason, message });
  }
}

/** With the uid, for a new Service of the same name. */
function saidOf({ uid }: ServiceView, reason: string): string {
  return `${uid} ${reason}`;
}
