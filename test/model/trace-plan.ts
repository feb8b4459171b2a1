import type { Act, Fault, Plan, TimedAct } from '../simulator/plan.ts';
import { randomOf } from '../simulator/random.ts';

/**
 * A plan with what claims.als knows: Services that request nothing, two addresses, crashes, requests that arrive late, and in every
 * fourth one, PATCHes that admission denies.
 */
export function tracePlan(seed: number, claims: boolean): Plan {
  const random = randomOf(seed);
  const acts: TimedAct[] = [];
  let at = 0;
  const then = (ms: number, act: Act): void => {
    at += Math.round(100 + random() * ms);
    acts.push({ at, act });
  };
  then(0, { do: 'configure', data: { 'range-global': '10.0.0.1-10.0.0.2' } });
  for (const name of ['v', 'w', 'x']) {
    then(2_000, { do: 'create', service: newService(name, name === 'v' && seed % 4 === 0 ? 'b' : 'a') });
    if (random() < 0.4)
      for (const replica of [0, 1, 2]) acts.push({ at: at + 15, act: { do: 'crash', replica } });
    if (random() < 0.4) then(20_000, { do: 'delete', at: Math.floor(random() * 10) });
  }
  const faults: Fault[] = [];
  for (let request = 0; request < 200; request += 1)
    if (random() < 0.5) faults.push({ request, kind: 'late write', ms: Math.round(random() * 40_000) });
  return { seed, claims, acts, faults, denied: 'b' };
}

function newService(name: string, namespace: string): Extract<Act, { do: 'create' }>['service'] {
  return {
    metadata: { namespace, name },
    spec: {
      type: 'LoadBalancer',
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: ['IPv4'],
      ports: [{ port: 80 }],
    },
  };
}
