import type { EventRecorder, Regarding } from '../client/events.ts';
import type { Log, LogFields } from '../client/log.ts';
import type { Config } from '../core/config/config.ts';
import type { Allocator } from '../core/decide/allocator.ts';
import { conflictingAddresses, type Decision, isConflictCondition } from '../core/decide/decision.ts';
import { explainProblem } from '../core/explain/explain-config.ts';
import {
  codesOf,
  explainCondition,
  explainDecision,
  explainWrite,
  isWarning,
  reasonOf,
} from '../core/explain/explain-decision.ts';
import { formatAddress } from '../core/ip/address.ts';
import type { ConfigMap } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { poolRows } from '../core/queries/report.ts';
import { claimRequirements } from './claim-requirements.ts';
import type { Counters } from './counters.ts';

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
export class Reporter {
  readonly #events: EventRecorder;
  readonly #log: Log;
  readonly #options: Options;
  readonly #counters: Counters;
  /** What was last said of a Service that there is something to say of. */
  readonly #reported = new Map<ServiceKey, string>();
  /** The addresses that a served Service was told others want, too. */
  readonly #conflicts = new Map<
    ServiceKey,
    { readonly uid: string; readonly addresses: readonly string[] }
  >();
  /** What was last said of the ConfigMap. */
  #problems: ReadonlySet<string> = new Set();
  /** What was last said to be missing for claims. */
  #missing: string | undefined;

  constructor(events: EventRecorder, log: Log, options: Options, counters: Counters) {
    this.#events = events;
    this.#log = log;
    this.#options = options;
    this.#counters = counters;
  }

  /** A Service was looked at and nothing is to be written: said only where its reason is a new one. */
  decided(view: ServiceView, decision: Decision): void {
    const key = keyOf(view);
    const { services, latency, conflicts } = this.#counters;
    services.put(key, decision, latency.since(view));
    if (decision.kind !== 'pending') latency.delete(key);
    this.#conflictsEnded(view, decision);
    const reason = reasonOf(decision);
    if (reason === '') {
      this.#reported.delete(key);
      return;
    }
    if (!this.#isNew(view, reason)) return;
    if (decision.kind === 'conflict') conflicts.add([decision.conflict.code]);
    const sentence = explainDecision(decision, this.#options);
    this.#log.warn(sentence, { service: key, decision: decision.kind, reason: codesOf(decision) });
    this.#warn(view, decision, sentence);
  }

  /** Whether something was said of the Service that still holds, as far as was told. */
  hasReported(key: ServiceKey): boolean {
    return this.#reported.has(key);
  }

  /** Says in an event once more what was said before, if it is still the case. */
  remind(view: ServiceView, decision: Decision): void {
    if (this.#reported.get(keyOf(view)) !== reportOf(view, reasonOf(decision))) return;
    this.#warn(view, decision, explainDecision(decision, this.#options));
  }

  #warn(view: ServiceView, decision: Decision, sentence: string): void {
    if (!isWarning(decision)) return;
    const isDisputed = decision.kind === 'keep' && decision.conditions.some(isConflictCondition);
    this.#event(view, isDisputed ? 'AddressConflict' : 'SyncLoadBalancerFailed', sentence);
  }

  /** Says so where a Service that kept its address through a conflict has it undisputed again. */
  #conflictsEnded(view: ServiceView, decision: Decision): void {
    const key = keyOf(view);
    const before = this.#conflicts.get(key);
    const addresses = conflictingAddresses(decision).map(formatAddress);
    if (decision.kind !== 'keep' || addresses.length === 0) this.#conflicts.delete(key);
    else this.#conflicts.set(key, { uid: view.uid, addresses });
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
      const shared = decision.conditions.find((condition) => condition.code === 'shared');
      const more = shared === undefined ? '' : `. ${explainCondition(shared, this.#options)}`;
      const sentence = `${explainWrite(decision)}${more}`;
      const { cause, addresses, source } = decision;
      this.#log.info(sentence, { service: key, decision: decision.kind, cause, addresses, source });
      if (cause === 'adopt' || cause === 'update') return;
      this.#event(view, 'EnsuredLoadBalancer', sentence);
      // Of its own conflict this is the end, too.
      this.#conflicts.delete(key);
    } else if (decision.kind === 'release') {
      this.#counters.releases += 1;
      const sentence = explainDecision(decision, this.#options);
      this.#log.info(sentence, { service: key, decision: decision.kind, addresses: decision.addresses });
      this.#event(view, 'DeletedLoadBalancer', sentence);
    }
  }

  #count(view: ServiceView, decision: Decision & { kind: 'write' }): void {
    const { services, latency, assignments } = this.#counters;
    const key = keyOf(view);
    services.put(key, decision);
    assignments.add([decision.cause]);
    if (decision.cause === 'allocate' || decision.cause === 'share') latency.assigned(view);
    else latency.delete(key);
  }

  /** The API server does not accept a change. */
  rejected(view: ServiceView, error: Error, retryInMs: number): void {
    const key = keyOf(view);
    // Of leftovers there is nothing to count.
    if (view.type === 'LoadBalancer') this.#counters.services.put(key, 'failing');
    const retry = `It is tried again in ${Math.round(retryInMs / 1000)} s.`;
    this.#log.error(`the API server refused the change: ${error.message}`, { service: key, retryInMs });
    this.#explainRequirements(error);
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
    this.#explainRequirements(error);
  }

  /** They are read again. */
  claimsRecovered(): void {
    this.#missing = undefined;
  }

  /** Says once what is missing in the cluster for claims. */
  #explainRequirements(error: Error): void {
    const needs = claimRequirements(error);
    if (needs === undefined || needs === this.#missing) return;
    this.#missing = needs;
    this.#log.error(needs);
  }

  /** Somebody takes away again and again what is written. */
  reverted(view: ServiceView, manager: string | undefined, fields: readonly string[]): void {
    const who = manager === undefined ? 'Another writer' : `The field manager "${manager}"`;
    const sentence = `${who} keeps undoing ${fields.join(', ')}: let it leave these fields alone. They are written again, less and less often.`;
    this.#log.warn(sentence, { service: keyOf(view), manager });
    this.#event(view, 'LoadBalancerFieldsUndone', sentence);
  }

  gone(key: ServiceKey): void {
    this.#reported.delete(key);
    this.#conflicts.delete(key);
    this.#counters.services.delete(key);
    this.#counters.latency.delete(key);
  }

  /** Forgets all but those that `isKnown` says are still there. */
  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of [...this.#reported.keys(), ...this.#conflicts.keys()])
      if (!isKnown(key)) this.gone(key);
    this.#counters.services.deleteOthers(isKnown);
    this.#counters.latency.deleteOthers(isKnown);
  }

  /** How full each pool is, at the start and after each change of the ConfigMap. */
  poolUsage(allocator: Allocator): void {
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
    const said = reportOf(view, reason);
    if (this.#reported.get(key) === said) return false;
    this.#reported.set(key, said);
    return true;
  }

  /** The pools were read anew. */
  configRead(configMap: ConfigMap | undefined, config: Config): void {
    const { namespace, name } = this.#options.configMap;
    const sentences = config.problems.map(explainProblem);
    this.#log.info(configMap === undefined ? 'there is no ConfigMap, so there are no pools' : 'pools read', {
      configMap: `${namespace}/${name}`,
      pools: config.pools.size,
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
function reportOf({ uid }: ServiceView, reason: string): string {
  return `${uid} ${reason}`;
}
