import fc from 'fast-check';
import type { Service } from '../../src/core/model/objects.ts';
import { anyAddress, anyData, anyUserStep, roomyPools, type UserStep } from '../core/users.ts';
import { withMemoryKeys } from './memory-keys.ts';
import { randomOf } from './random.ts';

/** Faults of a request, or of the watch that it starts. */
export const faults = [
  /** The request never arrives, and the connection breaks or no response comes. */
  'refused',
  'dropped',
  /** The request is executed, and the connection breaks or no response comes. */
  'lost answer',
  'swallowed answer',
  /** The request arrives long after its sender has timed out. */
  'late',
  /** The same, only for writes of Services: the claim is visible while the write is still in flight. */
  'late write',
  /** The request arrives twice, the second time later. */
  'twice',
  /** The response is slow, so that a list or a read is stale. */
  'slow answer',
  '409',
  '410',
  '429',
  '500',
  '503',
  /** Admission denies the write of a Service: see `Plan.denied`. */
  'denied',
  /** The request is executed and answered with 504. */
  '504',
  /** The watch breaks after some events, or stalls for a while. */
  'reset',
  'stall',
  /** The watch delivers nothing more, not even its end, and its connection stays open. */
  'silent',
] as const;
export type FaultKind = (typeof faults)[number];
const mixedFaults = faults.filter((kind) => kind !== 'late write' && kind !== 'denied');

export interface Fault {
  /** The number of the request in the run. */
  readonly request: number;
  readonly kind: FaultKind;
  readonly ms: number;
}

/** An action of a user or a machine. */
export type Act =
  | UserStep
  | { do: 'crash' | 'end'; replica: number }
  | { do: 'pause' | 'jump'; replica: number; ms: number }
  | { do: 'compact' }
  /** An administrator makes a backup of etcd, or restores the last one: versions go back, and the API server starts again. */
  | { do: 'backup' | 'restore' }
  /** The watch cache of the API server is behind its reads for so long. */
  | { do: 'lag'; ms: number }
  /** The connections of a replica go silent: what is under way is lost, and so are its requests for so long. */
  | { do: 'silence'; replica: number; ms: number }
  /** Another program claims or releases an address. */
  | { do: 'claim' | 'unclaim'; address: string };

export interface TimedAct {
  readonly at: number;
  readonly act: Act;
}

/** A run as data. The same plan always runs the same way, and a plan with parts removed is still a plan. */
export interface Plan {
  readonly seed: number;
  /** The controllers run with --claims. */
  readonly claims: boolean;
  readonly acts: readonly TimedAct[];
  readonly faults: readonly Fault[];
  /**
   * Admission denies all writes to Services of this namespace: to the end, or with claims until there are no more faults, because
   * each attempt creates and deletes one.
   */
  readonly denied?: string;
  /** How often the faults pause until the system is at rest, and it is checked: once, at the end, by default. */
  readonly rests?: number;
  /** Two controllers, each with a class, a Lease, and an election of its own. With claims, they share the pools. */
  readonly classes?: true;
  /** At the end, the pools are replaced and a person moves all Services, with faults. */
  readonly movesAll?: boolean;
}

const replicas = 3;
const anyReplica = fc.nat({ max: replicas - 1 });

const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 12, arbitrary: anyUserStep },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'end' as const), replica: anyReplica }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('pause' as const, 'pause' as const, 'jump' as const),
      replica: anyReplica,
      ms: fc.integer({ min: 100, max: 40_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const) }) },
);

const anyActWithClaims: fc.Arbitrary<Act> = fc.oneof(
  { weight: 30, arbitrary: anyAct },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('claim' as const, 'unclaim' as const), address: anyAddress }),
  },
);

/**
 * A plan of about `count` acts. In every fourth plan, writes outlive their senders.
 */
export function planOf(seed: number, count: number, claims = false): Plan {
  const plan = seed % 4 === 0 ? lateWritesPlan(seed, count, claims) : mixedFaultsPlan(seed, count, claims);
  const movesAll = seed % 6 === 1;
  // In every third plan, pools have room and are edited key by key.
  const acts = seed % 3 === 2 ? [{ at: 0, act: restore }, ...plan.acts.map(keyByKey)] : plan.acts;
  const more: Partial<Plan> = {
    ...(seed % 6 === 3 ? { denied: 'a' } : {}),
    ...(seed % 4 === 2 ? { rests: 5 } : {}),
    ...(seed % 5 === 2 ? { classes: true } : {}),
    ...(seed % 5 === 1 || seed % 5 === 3 ? { acts: withOutages(acts, seed) } : { acts }),
  };
  const all = { ...plan, movesAll, ...more };
  // The naive model knows the memory of one controller.
  return all.classes === true ? all : withMemoryKeys(all);
}

/** Adds restores of etcd to some plans. To others, it adds times in which the watch cache lags or connections are silent. */
function withOutages(acts: readonly TimedAct[], seed: number): TimedAct[] {
  const random = randomOf(seed + 4);
  const end = acts.at(-1)?.at ?? 0;
  const more: TimedAct[] = [];
  for (let at = 0; at < end; at += random() * 40_000) {
    const then = at + random() * 30_000;
    const ms = Math.round(random() * 40_000);
    const outages: Act[] =
      seed % 5 === 1
        ? [{ do: 'backup' }, { do: 'restore' }]
        : [
            { do: 'lag', ms },
            { do: 'silence', replica: Math.floor(random() * replicas), ms },
          ];
    const [first, second] = outages;
    if (first !== undefined) more.push({ at: Math.round(at), act: first });
    if (second !== undefined && then < end) more.push({ at: Math.round(then), act: second });
  }
  return [...acts, ...more].sort((a, b) => a.at - b.at);
}

const restore: Act = { do: 'configure', data: roomyPools };

/** Where the configuration would be replaced, it is restored, or a Service comes that can share by key. */
function keyByKey({ at, act }: TimedAct, i: number): TimedAct {
  if (act.do !== 'configure') return { at, act };
  return { at, act: i % 3 === 0 ? restore : { do: 'create', service: sharerByKey(i) } };
}

function sharerByKey(i: number): Service {
  const [namespace, name] = [i % 2 === 0 ? 'a' : 'b', `shares-${i % 4}`];
  return {
    metadata: { namespace, name, annotations: { 'kube-vip.io/sharing-key': i % 7 === 0 ? 'two' : 'one' } },
    spec: {
      type: 'LoadBalancer',
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: ['IPv4'],
      ports: [{ protocol: 'TCP', port: 80 + (i % 3) }],
    },
  };
}

/** Users act, all controllers crash, and the pools change before the next leader starts. */
function lateWritesPlan(seed: number, count: number, claims: boolean): Plan {
  const random = randomOf(seed);
  const users = fc.sample(anyUserStep, { seed, numRuns: count });
  const pools = fc.sample(anyData, { seed, numRuns: count });
  const acts: TimedAct[] = [];
  let at = 0;
  const then = (ms: number, act: Act): void => {
    at += Math.round(random() * ms);
    acts.push({ at, act });
  };
  while (acts.length < count) {
    then(20_000, { do: 'configure', data: pools.pop() });
    for (let i = 0; i < 4; i += 1) then(i === 0 ? 30_000 : 50, users.pop() ?? { do: 'compact' });
    // At about this time, claims exist and writes are in flight.
    then(60, { do: 'crash', replica: 0 });
    for (const replica of [1, 2]) acts.push({ at, act: { do: 'crash', replica } });
    then(10_000, { do: 'configure', data: pools.pop() });
    for (let i = 0; i < 4; i += 1) then(3_000, users.pop() ?? { do: 'compact' });
  }
  const list: Fault[] = [];
  for (let request = 0; request < count * 12; request += 1)
    if (random() < 0.5) list.push({ request, kind: 'late write', ms: Math.round(5_000 + random() * 60_000) });
  return { seed, claims, acts, faults: list };
}

/** Alternates between periods with many and with few faults. */
function mixedFaultsPlan(seed: number, count: number, claims: boolean): Plan {
  const random = randomOf(seed);
  const acts: TimedAct[] = [];
  let at = 0;
  for (const act of fc.sample(claims ? anyActWithClaims : anyAct, { seed, numRuns: count })) {
    // Bursts, quiet periods, and sometimes a period in which a Lease expires.
    const kind = random();
    at += kind < 0.6 ? random() * 20 : kind < 0.97 ? random() * 3_000 : random() * 30_000;
    acts.push({ at: Math.round(at), act });
  }
  const list: Fault[] = [];
  // Enough for moving all Services in the end, too.
  for (let request = 0; request < count * 12 + 4_000; ) {
    const isRough = random() < 0.4;
    const length = 5 + Math.floor(random() * 60);
    for (let i = 0; i < length; i += 1, request += 1) {
      if (random() > (isRough ? 0.25 : 0.02)) continue;
      const kind = mixedFaults[Math.floor(random() * mixedFaults.length)] ?? 'dropped';
      // A late request may arrive when another replica leads.
      const ms = kind === 'late' ? 5_000 + random() * 50_000 : random() * (random() < 0.3 ? 40_000 : 4_000);
      list.push({ request, kind, ms: Math.round(ms) });
    }
  }
  return { seed, claims, acts, faults: list };
}
