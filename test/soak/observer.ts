import type { ConfigMap, Service } from '../../src/core/model/objects.ts';
import { keyOf } from '../core/naive.ts';
import type { Data } from '../core/naive-pools.ts';
import { Counter } from './counter.ts';
import type { Stored } from './history.ts';
import { names } from './names.ts';
import { listOf, type ObservedService, observe } from './observed-service.ts';
import type { LogEntry } from './replica.ts';
import type { Timeline } from './timeline.ts';
import { checkWrite, type Finding } from './write-checks.ts';

/** The maximum age of the state that a decision may rest on: a stalled watch, followed by a stalled write. */
const memoryMs = 30_000;
/** How long after a fault that delays writes a former leader's write may still arrive. */
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

/** The state of the cluster according to etcd. Checks every write by a controller. */
export class Observer {
  readonly services = new Map<string, ObservedService>();
  /** Services by the addresses in their allocation records. */
  readonly #recording = new Map<string, Set<ObservedService>>();
  /** Services by the addresses that they use. */
  readonly #showing = new Map<string, Set<ObservedService>>();
  readonly #past = new Map<string, Past<ObservedService>[]>();
  #pools: Past<Data>[] = [];
  /** Warnings by the UID of the Service (events) or its name (log). */
  readonly #warnings = new Map<string, { readonly at: number; readonly text: string }[]>();
  /** Names of our IPAddresses. */
  readonly claims = new Set<string>();
  /** The number of observations of each kind. */
  readonly seen = new Counter();
  readonly findings: Finding[] = [];
  /** When something other than a Lease was last written. */
  writtenAt = performance.now();
  /** The number of such writes. */
  writes = 0;
  /** Services to which a late write of a former leader assigned an address of another Service. */
  readonly excused = new Set<string>();
  readonly #timeline: Timeline;
  readonly #isClaimed: boolean;
  #holder = '';
  #holderAt = 0;
  /** The number of current faults that delay writes, and when the last one ended. */
  #holding = 0;
  #heldAt = Number.NEGATIVE_INFINITY;

  /** With claims, no late write may create a duplicate. */
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

  /** Adds a line of a controller's log. */
  addLogEntry({ level, msg, service, cause, decision }: LogEntry): void {
    if (cause !== undefined) this.seen.add(`log: ${cause}`);
    else if (decision !== undefined) this.seen.add(`log: ${decision}`);
    if (level === 'warn' && service !== undefined) this.#warn(service, msg);
  }

  /** Called when a fault that delays writes starts or ends. */
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

  /** All addresses in allocation records. */
  recorded(): IterableIterator<string> {
    return this.#recording.keys();
  }

  /** Whether a warning about the Service contains this word. */
  isWarned({ uid, key, service }: ObservedService, word: string): boolean {
    const since = Date.parse(service.metadata.creationTimestamp ?? '');
    const warnings = [
      ...(this.#warnings.get(uid) ?? []),
      // Excludes warnings about an earlier Service of the same name.
      ...(this.#warnings.get(key) ?? []).filter(({ at }) => at >= since),
    ];
    return warnings.some(({ text }) => text.includes(word));
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

  /** A late write of a former leader is possible only if another replica leads and a fault delayed writes. */
  #mayBeLate(): boolean {
    if (this.#isClaimed) return false;
    const now = performance.now();
    return now - this.#holderAt < memoryMs && (this.#holding > 0 || now - this.#heldAt < lateMs);
  }

  #count(before: ObservedService, after: ObservedService): void {
    this.seen.add('write of a controller');
    const was = before.recorded.join();
    const is = after.recorded.join();
    if (was === '' && is !== '') this.seen.add('address assigned');
    else if (was !== '' && is === '') this.seen.add('address released');
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
      // A Service that is no longer a LoadBalancer holds nothing, even before that is written (spec section 5).
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
    const warnings = this.#warnings.get(about) ?? [];
    warnings.push({ at: Date.now(), text });
    this.#warnings.set(about, warnings.slice(-8));
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

  /** The states that applied at any time in the last seconds. */
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
