import type { ApiError } from '../client/errors.ts';
import type { EventRecorder, Regarding } from '../client/events.ts';
import type { Log, LogFields } from '../client/log.ts';
import type { Clock } from '../client/transport.ts';
import type { Config } from '../core/config/config.ts';
import { countOf, isInformational } from '../core/config/config-problem.ts';
import type { AllocationPolicy } from '../core/config/policy.ts';
import type { Allocator } from '../core/decide/allocator.ts';
import { type AnnouncementProblem, announcementProblem } from '../core/decide/announcement.ts';
import {
  type Condition,
  conflictingAddresses,
  type Decision,
  isConflictCondition,
  isMisconfigured,
} from '../core/decide/decision.ts';
import { explainAnnotation, isMistake } from '../core/explain/explain-annotation.ts';
import { explainProblems } from '../core/explain/explain-config.ts';
import {
  codesOf,
  explainCondition,
  explainDecision,
  explainWrite,
  isIncomplete,
  isNotice,
  isWarning,
  reasonOf,
} from '../core/explain/explain-decision.ts';
import { formatAddress, readAddress } from '../core/ip/address.ts';
import type { UnreadAnnotation } from '../core/model/known-annotations.ts';
import type { ConfigMap } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import type { ServicePatch } from '../core/model/service-patch.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { poolRows } from '../core/queries/report.ts';
import { claimRequirements } from './claim-requirements.ts';
import type { Counters } from './counters.ts';
import { explainReverts, explainUnapplied, type RevertedField } from './field-managers.ts';
import { assignedTo, logHolders } from './holders-log.ts';
import { type RefusalKind, refusalOf } from './refusal.ts';

/**
 * The event reasons and their types; docs/events.md has them as a table. Users of `kubectl describe` know the
 * first three from the Go version and from Kubernetes' own service controller.
 */
export const eventTypes = {
  EnsuredLoadBalancer: 'Normal',
  SyncLoadBalancerFailed: 'Warning',
  DeletedLoadBalancer: 'Normal',
  LoadBalancerFieldsUndone: 'Warning',
  /** On a Service with an address through which clients may not reach it. */
  LoadBalancerMisconfigured: 'Warning',
  /** On a dual-stack Service with addresses of one family. */
  LoadBalancerIncomplete: 'Normal',
  /** On a Service that keeps its address. */
  AddressConflict: 'Warning',
  AddressConflictResolved: 'Normal',
  /** Another load balancer writes the status. */
  ForeignLoadBalancerStatus: 'Warning',
  /** Another controller assigns addresses while this one leads. */
  AnotherAllocator: 'Warning',
  MisspelledAnnotation: 'Warning',
  /** An annotation of another load balancer, or an unknown one in kube-vip's domain. */
  UnreadAnnotation: 'Normal',
  InvalidPoolConfiguration: 'Warning',
  /** On the ConfigMap, for something valid that the controller reads differently from how it is written. */
  PoolEntryNormalized: 'Normal',
} as const;

type Reason = keyof typeof eventTypes;

/** The event of a change that fails. */
interface FailureReport {
  /** Identifies why it fails. */
  readonly reason: string;
  readonly event: Reason;
  readonly text: string;
}

/** A ConfigMap may have thousands of pools; the log is limited to some. */
const maxLoggedPools = 100;

const admissionRemedy =
  'Change the Service so that the policy or webhook allows it, or exempt the controller from it.';

/** Why a Service has lost its addresses without a decision that assigns others. */
const releaseCauses = {
  deleted: 'the Service was deleted, or is no longer of type LoadBalancer',
  edited: 'the Service requests another address',
} as const;

type ReleaseCause = keyof typeof releaseCauses;

/** The event of a rejected change is repeated, with the time of the next attempt, when the delay has grown by this factor. */
const repeatFactor = 4;

/**
 * Reports decisions in events and in the log, once per change. While nothing changes, it only repeats events
 * that the API server would have deleted.
 */
export class Reporter {
  readonly #events: EventRecorder;
  readonly #log: Log;
  readonly #options: Options;
  readonly #counters: Counters;
  readonly #clock: Clock;
  /** The last report on each Service that has one. */
  readonly #reported = new Map<ServiceKey, string>();
  /** The delays in the last events about rejected changes. */
  readonly #retries = new Map<ServiceKey, number>();
  /** The addresses of a Service whose conflicts were reported. */
  readonly #conflicts = new Map<
    ServiceKey,
    { readonly uid: string; readonly addresses: readonly string[] }
  >();
  /** The reported annotations of a Service. */
  readonly #unread = new Map<
    ServiceKey,
    { readonly uid: string; readonly unread: readonly UnreadAnnotation[] }
  >();
  /** The reported problems of the ConfigMap. */
  #problems: ReadonlySet<string> = new Set();
  /** The reported missing requirement of --claims. */
  #missing: string | undefined;

  constructor(events: EventRecorder, log: Log, options: Options, counters: Counters, clock: Clock) {
    this.#events = events;
    this.#log = log;
    this.#options = options;
    this.#counters = counters;
    this.#clock = clock;
  }

  /** Reports a decision without a write, if its reason is new. */
  decided(view: ServiceView, decision: Decision): void {
    const key = keyOf(view);
    const { services, latency, conflicts, announcements } = this.#counters;
    services.put(key, decision, latency.since(view));
    announcements.put(key, announcementProblem(view, decision));
    if (decision.kind !== 'pending') latency.delete(key);
    this.#reportResolvedConflicts(view, decision);
    this.#reportAnnotations(view, decision);
    const reason = reasonOf(decision);
    if (reason === '') {
      this.#reported.delete(key);
      return;
    }
    if (!this.#isNew(view, reason)) return;
    if (decision.kind === 'conflict') conflicts.add([decision.conflict.code]);
    const message = explainDecision(decision, this.#options);
    const logged = { service: key, decision: decision.kind, reason: codesOf(decision) };
    this.#log.warn(message, { ...logged, ...conflictFields(decision) });
    if (isWarning(decision)) this.#warn(view, decision, message);
    else if ('conditions' in decision && decision.conditions.some(isMisconfigured))
      this.#event(view, 'LoadBalancerMisconfigured', message);
    else if (isNotice(decision)) this.#event(view, 'LoadBalancerIncomplete', message);
  }

  /** Whether there is a report on the Service that still applies. */
  hasReported(key: ServiceKey): boolean {
    return this.#reported.has(key);
  }

  /** Repeats the event of a report that still applies. */
  remind(view: ServiceView, decision: Decision): void {
    if (this.#reported.get(keyOf(view)) !== reportOf(view, reasonOf(decision))) return;
    this.#warn(view, decision, explainDecision(decision, this.#options));
  }

  #warn(view: ServiceView, decision: Decision, message: string): void {
    if (!isWarning(decision)) return;
    const isInConflict = decision.kind === 'keep' && decision.conditions.some(isConflictCondition);
    this.#event(view, isInConflict ? 'AddressConflict' : 'SyncLoadBalancerFailed', message);
  }

  /** Reports that a Service keeps its address and a conflict over it has ended. */
  #reportResolvedConflicts(view: ServiceView, decision: Decision): void {
    const key = keyOf(view);
    const before = this.#conflicts.get(key);
    const addresses = conflictingAddresses(decision).map(formatAddress);
    if (decision.kind !== 'keep' || addresses.length === 0) this.#conflicts.delete(key);
    else this.#conflicts.set(key, { uid: view.uid, addresses });
    if (decision.kind !== 'keep' || before?.uid !== view.uid) return;
    for (const address of before.addresses) {
      if (addresses.includes(address)) continue;
      const message = `The conflict over ${address} is resolved: it is no longer used or requested elsewhere.`;
      this.#log.info(message, { service: key });
      this.#event(view, 'AddressConflictResolved', message);
    }
  }

  /** Reports annotations that neither this controller nor kube-vip reads, once for each value. */
  #reportAnnotations(view: ServiceView, decision: Decision): void {
    const key = keyOf(view);
    const unread = decision.kind === 'ignore' ? [] : (view.unread ?? []);
    const before = this.#unread.get(key);
    if (unread.length === 0) this.#unread.delete(key);
    else this.#unread.set(key, { uid: view.uid, unread });
    const known = before?.uid === view.uid ? before.unread : [];
    for (const one of unread) {
      if (known.some(({ name, value }) => name === one.name && value === one.value)) continue;
      const message = explainAnnotation(one);
      if (isMistake(one)) this.#log.warn(message, { service: key });
      else this.#log.info(message, { service: key });
      this.#event(view, isMistake(one) ? 'MisspelledAnnotation' : 'UnreadAnnotation', message);
    }
  }

  /**
   * Reports a written change; `before` is the Service without it, and `policy` that of the decision. Changes of the allocation record alone are logged, but have no
   * event.
   */
  written(view: ServiceView, decision: Decision, before: ServiceView, policy?: AllocationPolicy): void {
    const key = keyOf(view);
    if (decision.kind === 'write') {
      this.#count(view, decision);
      const { cause, addresses, source, conditions } = decision;
      const isAppended = (one: Condition): boolean => one.code === 'shared' || isIncomplete(one);
      const more = conditions.filter(isAppended).map((one) => explainCondition(one, this.#options));
      const message = [explainWrite(decision, policy), ...more].join('. ');
      const known = assignedTo(before, this.#options.controller)?.text;
      const previous = known === addresses.text ? undefined : known;
      const logged = { service: key, decision: decision.kind, cause, addresses: addresses.text, previous };
      this.#log.info(message, { ...logged, source });
      if ((cause === 'adopt' && !decision.fromStatus) || cause === 'update') return;
      this.#event(view, 'EnsuredLoadBalancer', message);
      // The event has said all of it.
      if (conditions.every(isAppended)) this.#reported.set(key, reportOf(view, reasonOf(decision)));
      // This also ends its own conflict.
      this.#conflicts.delete(key);
    } else if (decision.kind === 'release') {
      this.#counters.releases += 1;
      const message = explainDecision(decision, this.#options);
      const addresses = decision.addresses.text;
      this.#log.info(message, { service: key, decision: decision.kind, addresses });
      this.#event(view, 'DeletedLoadBalancer', message);
    } else if (view.record === undefined) this.released(before, 'edited');
  }

  /** Logs that a Service no longer has its addresses; `view` is its last state with them. */
  released(view: ServiceView, cause: ReleaseCause): void {
    const previous = assignedTo(view, this.#options.controller)?.text;
    if (previous === undefined) return;
    const message = `Released ${previous}: ${releaseCauses[cause]}`;
    this.#log.info(message, { service: keyOf(view), cause, previous });
  }

  /** Logs which Service has which address, when leadership begins. */
  holders(views: readonly ServiceView[]): void {
    logHolders(this.#log, views, this.#options.controller);
  }

  #count(view: ServiceView, decision: Decision & { kind: 'write' }): void {
    const { services, latency, assignments } = this.#counters;
    const key = keyOf(view);
    services.put(key, decision);
    assignments.add([decision.cause]);
    if (decision.cause === 'allocate' || decision.cause === 'share') latency.assigned(view);
    else latency.delete(key);
  }

  /** Reports that the API server rejects a change. */
  rejected(view: ServiceView, error: ApiError, retryInMs: number): void {
    const { kind } = refusalOf(error);
    const message = `The API server rejected the change: ${error.message}`;
    this.#log.error(message, { service: keyOf(view), refusal: kind, retryInMs });
    this.#explainRequirements(error);
    const text = kind === 'admission' ? `${message}. ${admissionRemedy}` : `${message}.`;
    this.#failing(view, kind, retryInMs, { reason: error.message, event: 'SyncLoadBalancerFailed', text });
  }

  /** Reports that the API server's answer to a change does not show this part of it. */
  unapplied(view: ServiceView, part: ServicePatch, retryInMs: number): void {
    const text = explainUnapplied(part);
    this.#log.error(text, { service: keyOf(view), refusal: 'admission', retryInMs });
    this.#failing(view, 'admission', retryInMs, { reason: text, event: 'LoadBalancerFieldsUndone', text });
  }

  /** Counts a change that fails, and records its event: once, and again when the delay has grown by `repeatFactor`. */
  #failing(view: ServiceView, refusal: RefusalKind, retryInMs: number, report: FailureReport): void {
    const key = keyOf(view);
    // Services of other types are not counted.
    if (view.type === 'LoadBalancer') this.#counters.services.put(key, { kind: 'failing', refusal });
    const reportedMs = this.#isNew(view, report.reason) ? 0 : (this.#retries.get(key) ?? 0);
    if (retryInMs < repeatFactor * reportedMs) return;
    this.#retries.set(key, retryInMs);
    this.#event(view, report.event, `${report.text} ${nextAttempt(this.#clock.wall() + retryInMs)}`);
  }

  /** Reports that IPAddresses cannot be read or written. */
  claimsFailing(message: string, error: Error, fields: LogFields): void {
    this.#log.warn(message, fields);
    this.#explainRequirements(error);
  }

  /** IPAddresses can be read again. */
  claimsRecovered(): void {
    this.#missing = undefined;
  }

  /** Logs a missing requirement of --claims once. */
  #explainRequirements(error: Error): void {
    const requirement = claimRequirements(error);
    if (requirement === undefined || requirement === this.#missing) return;
    this.#missing = requirement;
    this.#log.error(requirement);
  }

  /** Reports that another writer keeps reverting our fields. */
  reverted(view: ServiceView, fields: readonly RevertedField[], retryAt: number): void {
    const message = `${explainReverts(fields)} ${nextAttempt(retryAt)}`;
    const manager = fields.find((field) => field.manager !== undefined)?.manager;
    this.#log.warn(message, { service: keyOf(view), manager });
    this.#event(view, 'LoadBalancerFieldsUndone', message);
  }

  /** Reports that another program writes addresses into the status that were not assigned. */
  foreignStatus(view: ServiceView, message: string, manager: string | undefined): void {
    this.#log.warn(message, { service: keyOf(view), manager });
    this.#event(view, 'ForeignLoadBalancerStatus', message);
  }

  /** Counts an assignment by another controller. */
  otherAllocation(): void {
    this.#counters.otherAllocations += 1;
  }

  /** Reports that another controller allocates while this one leads. */
  otherAllocator(view: ServiceView, message: string, manager: string | undefined): void {
    this.#log.error(message, { service: keyOf(view), manager });
    this.#event(view, 'AnotherAllocator', message);
  }

  /** The addresses in the status turned out to be earlier ones that kube-vip has not replaced yet. */
  statusOfKubeVip(key: ServiceKey, problem: AnnouncementProblem): void {
    this.#counters.announcements.isOfKubeVip(key, problem);
  }

  gone(key: ServiceKey): void {
    this.#reported.delete(key);
    this.#retries.delete(key);
    this.#conflicts.delete(key);
    this.#unread.delete(key);
    this.#counters.services.delete(key);
    this.#counters.latency.delete(key);
    this.#counters.announcements.delete(key);
  }

  /** After a restore of etcd, events are lost: what still applies is reported again. */
  restored(): void {
    this.#reported.clear();
  }

  /** Forgets all Services for which `isKnown` is false. */
  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of [...this.#reported.keys(), ...this.#conflicts.keys(), ...this.#unread.keys()])
      if (!isKnown(key)) this.gone(key);
    this.#counters.services.deleteOthers(isKnown);
    this.#counters.latency.deleteOthers(isKnown);
    this.#counters.announcements.deleteOthers(isKnown);
  }

  /** Logs the usage of each pool, when leadership begins and after each change of the ConfigMap. */
  poolUsage(allocator: Allocator): void {
    if (!allocator.isReady) return;
    for (const { key, size, used, free } of poolRows(allocator, maxLoggedPools)) {
      this.#log.info(`${key}: ${used} of ${size} addresses in use`, {
        pool: key,
        size: String(size),
        used: String(used),
        free: String(free),
      });
    }
  }

  #isNew(view: ServiceView, reason: string): boolean {
    const key = keyOf(view);
    const report = reportOf(view, reason);
    if (this.#reported.get(key) === report) return false;
    this.#reported.set(key, report);
    return true;
  }

  /** Reports that the pools were read, and their new problems: some dozens, because a ConfigMap can have 100,000. */
  configRead(configMap: ConfigMap | undefined, config: Config): void {
    const { namespace, name } = this.#options.configMap;
    const total = config.problems.reduce((sum, problem) => sum + countOf(problem).count, 0);
    this.#log.info(
      configMap === undefined ? 'there are no pools: the ConfigMap does not exist' : 'read the pools',
      { configMap: `${namespace}/${name}`, pools: config.pools.size, problems: total },
    );
    const notices = explainProblems(config.problems.filter(isInformational));
    const problems = explainProblems(config.problems.filter((problem) => !isInformational(problem)));
    const known = this.#problems;
    this.#problems = new Set([...notices, ...problems]);
    const newNotices = notices.filter((message) => !known.has(message));
    const newProblems = problems.filter((message) => !known.has(message));
    for (const message of newNotices) this.#log.info(message, { configMap: `${namespace}/${name}` });
    for (const message of newProblems) this.#log.warn(message, { configMap: `${namespace}/${name}` });
    if (configMap === undefined) return;
    const regarding = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace,
      name,
      uid: configMap.metadata.uid ?? '',
    };
    if (newNotices.length > 0) this.#record(regarding, 'PoolEntryNormalized', newNotices.join(' '));
    if (newProblems.length > 0) this.#record(regarding, 'InvalidPoolConfiguration', newProblems.join(' '));
  }

  #event(view: ServiceView, reason: Reason, message: string): void {
    const { namespace, name, uid, resourceVersion } = view;
    const regarding: Regarding = { apiVersion: 'v1', kind: 'Service', namespace, name, uid, resourceVersion };
    this.#record(regarding, reason, capitalized(message));
  }

  #record(regarding: Regarding, reason: Reason, message: string): void {
    this.#events.record({ regarding, type: eventTypes[reason], reason, message });
  }
}

/** The address of a conflict, and the Service that has it if this one does not. */
function conflictFields(decision: Decision): LogFields {
  const addresses = conflictingAddresses(decision).map(formatAddress);
  if (addresses.length === 0) return {};
  const address = addresses.join(',');
  const isContender = decision.kind === 'conflict' && decision.conflict.code === 'address-in-use';
  return isContender ? { address, holder: decision.conflict.holder } : { address };
}

/** A sentence with the time in RFC 3339, in whole seconds: never too early. */
function nextAttempt(wallMs: number): string {
  const time = new Date(Math.ceil(wallMs / 1000) * 1000).toISOString().replace('.000', '');
  return `The next attempt is at ${time}.`;
}

/** Contains the UID, because a new Service may have the same name. */
function reportOf({ uid }: ServiceView, reason: string): string {
  return `${uid} ${reason}`;
}

/** Starts with a capital letter, unless it starts with an address such as `fd00::1`. */
function capitalized(message: string): string {
  const [word = ''] = message.split(' ', 1);
  return readAddress(word) === undefined ? word.slice(0, 1).toUpperCase() + message.slice(1) : message;
}
