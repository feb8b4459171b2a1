import type { Data } from '../core/naive-pools.ts';
import type { Act, Plan, TimedAct } from './plan.ts';
import { randomOf } from './random.ts';

/** Some expire while a plan runs, some before it is at rest, and some never. */
const durations = ['2s', '40s', '3m', '9000h'] as const;

/**
 * In some plans with an even seed, what is configured says, too, how long and for what freed addresses are remembered. In others, the same
 * few Services come and go all the time.
 */
export function withMemoryKeys(plan: Plan): Plan {
  const { seed } = plan;
  const random = randomOf(seed + 7);
  if (seed % 8 === 6) return { ...plan, acts: comingAndGoing(plan.acts.length, random) };
  if (seed % 2 === 1 || seed % 8 === 0) return plan;
  const acts = plan.acts.map(({ at, act }): TimedAct => {
    if (act.do !== 'configure' || act.data === undefined) return { at, act };
    return { at, act: { ...act, data: withKeys(act.data, random) } };
  });
  return { ...plan, acts };
}

function withKeys(data: Data, random: () => number): Data {
  return {
    ...data,
    ...(random() < 0.7 ? { sticky: pick(durations, random) } : {}),
    ...(random() < 0.7 ? { 'cool-down': pick(durations, random) } : {}),
    // Not `spread`: of a large pool, the naive model lists only the ends.
    ...(random() < 0.3 ? { 'search-order': 'least-recently-used' } : {}),
  };
}

function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)] as T;
}

/** Eight Services and six addresses, in bursts that are shorter than a write takes. */
function comingAndGoing(count: number, random: () => number): TimedAct[] {
  const data = { 'cidr-global': '10.0.0.1-10.0.0.6' };
  const acts: TimedAct[] = [];
  for (let at = 0; acts.length < count; at += Math.round(random() < 0.8 ? random() * 30 : random() * 5_000)) {
    const act = acts.length === 0 ? ({ do: 'configure', data: withKeys(data, random) } as const) : nextAct();
    acts.push({ at, act });
  }
  return acts;

  function nextAct(): Act {
    const kind = random();
    if (kind < 0.02) return { do: 'configure', data: withKeys(data, random) };
    if (kind < 0.04) return { do: 'jump', replica: pick([0, 1, 2], random), ms: (random() - 0.5) * 600_000 };
    if (kind < 0.05) return { do: 'crash', replica: pick([0, 1, 2], random) };
    if (kind < 0.3) return { do: 'delete', at: Math.floor(random() * 8) };
    const service = {
      metadata: { namespace: 'a', name: `comes-${Math.floor(random() * 8)}` },
      spec: {
        type: 'LoadBalancer',
        ipFamilyPolicy: 'SingleStack',
        ipFamilies: ['IPv4'],
        ports: [{ protocol: 'TCP', port: 80 }],
      },
    };
    return { do: 'create', service };
  }
}

/** Whether a Service can come back to an address of a later pool of its list. */
export function isSticky(data: Data | undefined): boolean {
  return Object.keys(data ?? {}).some((key) => /^sticky\b/.test(key));
}
