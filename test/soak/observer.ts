import type { ConfigMap, Service } from '../../src/core/model/objects.ts';
import { type Data, keyOf } from '../core/naive.ts';
import { Counter } from './counter.ts';
import type { Stored } from './history.ts';
import { names } from './names.ts';
import { listOf, type ObservedService, observe } from './observed-service.ts';
import type { LogEntry } from './replica.ts';
import type { Timeline } from './timeline.ts';
import { checkWrite, type Finding } from './write-checks.ts';

/** How far back a decision may rest on what was: a watch that stalls, and a write that is stalled after it. */
const memoryMs = 30_000;
/** How long after a fault that holds writes back a former leader's write may still arrive. */
const lateMs = 10_000;

interface Past<T> {
  readonly at: number;
  readonly state: T;
}

interface StoredEvent {
  readonly type?: string;
  readonly message?: string;
  readonly reportingComponent?: string;
  readonly involvedObject?: { readonly kind?: string; readonly uid?: string };
}

interface StoredLease {
  readonly spec?: { readonly holderIdentity?: string };
}

interface StoredClaim {
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> };
}

const kept = /^(services\/specs|events|ipaddresses)\/|^configmaps\/kube-system\/kubevip$/;
const lease = 'leases/kube-system/kube-vip-cloud-controller';

export function isObserved(key: string): boolean {
  return (kept.test(key) || key === lease) && key !== 'services/specs/default/kubernetes';
}

/** All that is known of the cluster, from what etcd stored; every write that is no user's goes to the judge. */
export class Observer {
  readonly services = new Map<string, ObservedService>();
  /** Addresses that a record names, with whose record it is. */
  readonly #recording = new Map<string, Set<ObservedService>>();
  /** Addresses that anybody shows. */
  readonly #showing = new Map<string, Set<ObservedService>>();
  readonly #past = new Map<string, Past<ObservedService>[]>();
  #pools: Past<Data>[] = [];
  /** What was said in warnings, by the UID of the Service or, in logs, by its name. */
  readonly #warnings = new Map<string, { readonly at: number; readonly text: string }[]>();
  /** Names of IPAddresses of ours. */
  readonly claims = new Set<string>();
  /** What was seen to happen. */
  readonly seen = new Counter();
  readonly findings: Finding[] = [];
  /** When something was written last that is no Lease. */
  writtenAt = performance.now();
  /** How many such writes there were. */
  writes = 0;
  /** Services that a former leader's late write gave an address which another one had. */
  readonly excused = new Set<string>();
  readonly #timeline: Timeline;
  readonly #isClaimed: boolean;
  #holder = '';
  #holderAt = 0;
  /** How many faults hold writes back now, and when the last of them ended. */
  #holding = 0;
  #heldAt = Number.NEGATIVE_INFINITY;

  /** With claims there is no late write that makes a duplicate. */
  constructor(timeline: Timeline, isClaimed = false) {
    this.#timeline = timeline;
    this.#isClaimed = isClaimed;
  }

  take({ key, object }: Stored): void {
    if (key === lease) {
      this.#lead((object as StoredLease | undefined)?.spec?.holderIdentity ?? '');
      return;
    }
    this.writtenAt = performance.now();
    this.writes += 1;
    if (key.startsWith('services/')) {
      const name = key.slice('services/specs/'.length);
      if (object === undefined) this.#delete(name);
      else this.#put(object as Service);
    } else if (key.startsWith('configmaps/')) {
      const state = (object as ConfigMap | undefined)?.data ?? {};
      this.#pools = [...this.#recent(this.#pools), { at: performance.now(), state }];
    } else if (key.startsWith('events/')) this.#event(object as StoredEvent | undefined);
    else this.#claim(key.slice('ipaddresses/'.length), object as StoredClaim | undefined);
  }

  /** A line of a controller's log. */
  addLogEntry({ level, msg, service, cause, decision }: LogEntry): void {
    if (cause !== undefined) this.seen.add(`log: ${cause}`);
    else if (decision !== undefined) this.seen.add(`log: ${decision}`);
    if (level === 'warn' && service !== undefined) this.#warn(service, msg);
  }

  /** A fault begins, or ends, that keeps what was sent from arriving. */
  delayWrites(isHeld: boolean): void {
    this.#holding += isHeld ? 1 : -1;
    if (!isHeld) this.#heldAt = performance.now();
  }

  get pools(): Data {
    return this.#pools.at(-1)?.state ?? {};
  }

  showing(address: string): readonly ObservedService[] {
    return [...(this.#showing.get(address) ?? [])];
  }

  recording(address: string): readonly ObservedService[] {
    return [...(this.#recording.get(address) ?? [])];
  }

  /** All addresses that some record names. */
  recorded(): IterableIterator<string> {
    return this.#recording.keys();
  }

  /** Whether it was said that something is wrong with the Service, in words among which is this one. */
  isWarned({ uid, key, service }: ObservedService, word: string): boolean {
    const since = Date.parse(service.metadata.creationTimestamp ?? '');
    const said = [
      ...(this.#warnings.get(uid) ?? []),
      // Another one of the same name may have been there before.
      ...(this.#warnings.get(key) ?? []).filter(({ at }) => at >= since),
    ];
    return said.some(({ text }) => text.includes(word));
  }

  #put(service: Service): void {
    delete service.metadata.managedFields;
    const after = observe(service);
    const before = this.services.get(keyOf(service));
    this.services.set(after.key, after);
    this.#index(before, after);
    const past = this.#recent(this.#past.get(after.uid) ?? []);
    past.push({ at: performance.now(), state: after });
    this.#past.set(after.uid, past);
    const isNew = before?.uid !== after.uid;
    const isByUser = isNew || actOf(before) !== actOf(after);
    this.#timeline.add(`${isNew ? 'new' : isByUser ? 'user' : 'controller'}: ${sentence(after)}`);
    if (before !== undefined && !isByUser) this.#checkWrite(before, after);
  }

  #checkWrite(before: ObservedService, after: ObservedService): void {
    this.#count(before, after);
    const write = {
      before,
      after,
      recording: (address: string) => this.recording(address),
      pools: this.#recent(this.#pools).map(({ state }) => state),
      pastOf: ({ uid }: ObservedService) => this.#recent(this.#past.get(uid) ?? []).map(({ state }) => state),
    };
    for (const finding of checkWrite(write)) {
      if (finding.promise === 'Once' && this.#mayBeLate()) {
        this.excused.add(after.uid);
        this.seen.add('duplicate by a former leader');
      } else this.findings.push(finding);
    }
  }

  /** Only where another leads by now, and something held writes back, a former leader's write can be on its way. */
  #mayBeLate(): boolean {
    if (this.#isClaimed) return false;
    const now = performance.now();
    return now - this.#holderAt < memoryMs && (this.#holding > 0 || now - this.#heldAt < lateMs);
  }

  #count(before: ObservedService, after: ObservedService): void {
    this.seen.add('write of a controller');
    const was = before.recorded.join();
    const is = after.recorded.join();
    if (was === '' && is !== '') this.seen.add('address given');
    else if (was !== '' && is === '') this.seen.add('address taken off');
    else if (was !== is) this.seen.add('address changed');
    else if (listOf(before.annotation).join() !== listOf(after.annotation).join())
      this.seen.add('address restored');
    if (is !== was && after.recorded.some((address) => this.recording(address).length > 1))
      this.seen.add('address shared');
  }

  #delete(key: string): void {
    const before = this.services.get(key);
    if (before === undefined) return;
    this.services.delete(key);
    this.#timeline.add(`user: ${key} is deleted`);
    this.#index(before, undefined);
    this.#past.delete(before.uid);
    this.#warnings.delete(before.uid);
    this.#warnings.delete(key);
  }

  #index(before: ObservedService | undefined, after: ObservedService | undefined): void {
    for (const [map, of] of [
      // Who is no LoadBalancer any more has nothing, also where that is not written yet (spec section 5).
      [this.#recording, (observed: ObservedService) => (observed.isBalancer ? observed.recorded : [])],
      [this.#showing, (observed: ObservedService) => observed.shows],
    ] as const) {
      for (const address of before === undefined ? [] : of(before)) {
        const there = map.get(address);
        if (before !== undefined) there?.delete(before);
        if (there?.size === 0) map.delete(address);
      }
      if (after === undefined) continue;
      for (const address of of(after)) {
        const there = map.get(address) ?? new Set();
        map.set(address, there.add(after));
      }
    }
  }

  #event(event: StoredEvent | undefined): void {
    if (event?.type !== 'Warning' || event.reportingComponent !== 'kube-vip-cloud-provider') return;
    this.seen.add('warning event');
    const { uid } = event.involvedObject ?? {};
    if (uid !== undefined) this.#warn(uid, event.message ?? '');
  }

  #warn(about: string, text: string): void {
    const said = this.#warnings.get(about) ?? [];
    said.push({ at: Date.now(), text });
    this.#warnings.set(about, said.slice(-8));
  }

  #claim(name: string, claim: StoredClaim | undefined): void {
    const isOurs =
      claim?.metadata.labels?.['ipaddress.kubernetes.io/managed-by'] === 'kube-vip-cloud-provider';
    if (isOurs) this.claims.add(name);
    else this.claims.delete(name);
  }

  #lead(holder: string): void {
    if (holder === '' || holder === this.#holder) return;
    this.#timeline.add(`${holder} holds the Lease`);
    if (this.#holder !== '') this.seen.add('new leader');
    this.#holder = holder;
    this.#holderAt = performance.now();
  }

  /** What was the case at any time in the last seconds. */
  #recent<T>(states: readonly Past<T>[]): Past<T>[] {
    const since = performance.now() - memoryMs;
    return states.filter((_, i) => (states[i + 1]?.at ?? Number.POSITIVE_INFINITY) >= since);
  }
}

function actOf({ service }: ObservedService): string | undefined {
  return service.metadata.annotations?.[names.act];
}

function sentence({
  key,
  service: { spec },
  annotation,
  families,
  ports,
  isLabelled,
  recordText,
}: ObservedService): string {
  const parts = [
    `annotation "${annotation}"`,
    `spec "${spec?.loadBalancerIP ?? ''}"`,
    families,
    ports.join(),
  ];
  const marks = [isLabelled ? 'labelled' : 'not labelled', recordText ?? 'no record'];
  return `${key} ${spec?.type}, ${[...parts, ...marks].join(', ')}`;
}
