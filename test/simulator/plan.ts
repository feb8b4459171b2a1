import fc from 'fast-check';
import { anyAddress, anyData, anyUserStep, type UserStep } from '../core/users.ts';
import { randomOf } from './random.ts';

/** What befalls a request, or the watch that it begins. */
export const faults = [
  /** It never arrives, and the connection breaks, or nobody answers. */
  'refused',
  'dropped',
  /** It is carried out, and the connection breaks, or nobody answers. */
  'lost answer',
  'swallowed answer',
  /** It arrives long after its sender has given up. */
  'late',
  /** The same, for writes of Services alone: what is pledged is known, and what was written for it is still under way. */
  'late write',
  /** It arrives twice, the second time later. */
  'twice',
  /** Its answer takes long: a list or a read is old when it comes. */
  'slow answer',
  '409',
  '410',
  '429',
  '500',
  '503',
  /** It is carried out and answered with 504. */
  '504',
  /** A watch breaks after some events, or delivers nothing for a while. */
  'reset',
  'stall',
] as const;
export type FaultKind = (typeof faults)[number];
const usualFaults = faults.filter((kind) => kind !== 'late write');

export interface Fault {
  /** The so manieth request of the run. */
  readonly request: number;
  readonly kind: FaultKind;
  readonly ms: number;
}

/** What is done to the world, at a time. */
export type Act =
  | UserStep
  | { do: 'crash' | 'end'; replica: number }
  | { do: 'pause' | 'jump'; replica: number; ms: number }
  | { do: 'compact' }
  /** Somebody else claims an address, or lets it go. */
  | { do: 'claim' | 'unclaim'; address: string };

export interface Timed {
  readonly at: number;
  readonly act: Act;
}

/** A run as data: the same plan always runs the same, and one with less in it is still a plan. */
export interface Plan {
  readonly seed: number;
  /** The controllers run with --claims. */
  readonly claims: boolean;
  readonly acts: readonly Timed[];
  readonly faults: readonly Fault[];
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
 * A plan of about so many acts. In every fourth one writes outlive those who sent them.
 */
export function planOf(seed: number, count: number, claims = false): Plan {
  const plan = seed % 4 === 0 ? outlivingPlan(seed, count, claims) : roughPlan(seed, count, claims);
  return { ...plan, movesAll: seed % 6 === 1 };
}

/** Users at work, then all controllers die, then other pools, before the next leader begins. */
function outlivingPlan(seed: number, count: number, claims: boolean): Plan {
  const random = randomOf(seed);
  const users = fc.sample(anyUserStep, { seed, numRuns: count });
  const pools = fc.sample(anyData, { seed, numRuns: count });
  const acts: Timed[] = [];
  let at = 0;
  const then = (ms: number, act: Act): void => {
    at += Math.round(random() * ms);
    acts.push({ at, act });
  };
  while (acts.length < count) {
    then(20_000, { do: 'configure', data: pools.pop() });
    for (let i = 0; i < 4; i += 1) then(i === 0 ? 30_000 : 50, users.pop() ?? { do: 'compact' });
    // About when the claims are made, and the writes are on their way.
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

/** Times of trouble and times without; the pools come first. */
function roughPlan(seed: number, count: number, claims: boolean): Plan {
  const random = randomOf(seed);
  const acts: Timed[] = [];
  let at = 0;
  for (const act of fc.sample(claims ? anyActWithClaims : anyAct, { seed, numRuns: count })) {
    // Bursts, quiet times, and now and then a time in which a Lease runs out.
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
      const kind = usualFaults[Math.floor(random() * usualFaults.length)] ?? 'dropped';
      // What is late comes when another may lead already.
      const ms = kind === 'late' ? 5_000 + random() * 50_000 : random() * (random() < 0.3 ? 40_000 : 4_000);
      list.push({ request, kind, ms: Math.round(ms) });
    }
  }
  return { seed, claims, acts, faults: list };
}
