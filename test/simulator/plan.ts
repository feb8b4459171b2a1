import fc from 'fast-check';
import { anyUserStep, type UserStep } from '../core/users.ts';
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
  | { do: 'compact' };

export interface Timed {
  readonly at: number;
  readonly act: Act;
}

/** A run as data: the same plan always runs the same, and one with less in it is still a plan. */
export interface Plan {
  readonly seed: number;
  readonly acts: readonly Timed[];
  readonly faults: readonly Fault[];
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

/** A plan of about so many acts; the pools come first. */
export function planOf(seed: number, count: number): Plan {
  const random = randomOf(seed);
  const acts: Timed[] = [];
  let at = 0;
  for (const act of fc.sample(anyAct, { seed, numRuns: count })) {
    // Bursts, quiet times, and now and then a time in which a Lease runs out.
    const kind = random();
    at += kind < 0.6 ? random() * 20 : kind < 0.97 ? random() * 3_000 : random() * 30_000;
    acts.push({ at: Math.round(at), act });
  }
  const list: Fault[] = [];
  // Times of trouble and times without.
  for (let request = 0; request < count * 12; ) {
    const isRough = random() < 0.4;
    const length = 5 + Math.floor(random() * 60);
    for (let i = 0; i < length; i += 1, request += 1) {
      if (random() > (isRough ? 0.25 : 0.02)) continue;
      const kind = faults[Math.floor(random() * faults.length)] ?? 'dropped';
      // What is late comes when another may lead already.
      const ms = kind === 'late' ? 5_000 + random() * 50_000 : random() * (random() < 0.3 ? 40_000 : 4_000);
      list.push({ request, kind, ms: Math.round(ms) });
    }
  }
  return { seed, acts, faults: list };
}
