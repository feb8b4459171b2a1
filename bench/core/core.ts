/** One pool's decisions, in a process of its own. */

import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceView } from '../../src/core/model/service-view.ts';
import { median } from '../figures.ts';
import { serve } from '../part.ts';
import { counter, say } from '../progress.ts';
import { BareMap } from './bare-map.ts';
import { type Case, casesOf, familyOf, type PoolName, poolData, randomAddresses, seeded } from './cases.ts';
import { heapUsed } from './heap.ts';
import { serviceView } from './services.ts';
import { type Times, World } from './world.ts';

export interface CoreInput {
  readonly pool: PoolName;
  /** Addresses in use in the largest case. */
  readonly most: number;
  readonly rounds: number;
  /** How long one round goes on. */
  readonly roundMs: number;
}

/** Times in nanoseconds for one Service; those of the map for one key. */
export interface CoreRow extends Times {
  readonly pool: PoolName;
  readonly inUse: number;
  readonly batch: number;
  readonly order: 'asc' | 'desc';
  readonly mapSetDelete: number;
  /** One of those in use leaves and comes back; NaN (null in JSON) where nobody is there. */
  readonly turnOver: number;
  readonly mapTurnOver: number;
}

/** What the addresses in use cost before anything new comes. */
export interface CoreFill {
  readonly pool: PoolName;
  readonly inUse: number;
  readonly adoptNs: number;
  readonly newPoolsNs: number;
  /** Of the Services' own facts, which come from the API, and of what the Allocator adds to them. */
  readonly viewBytes: number;
  readonly allocatorBytes: number;
}

export interface CoreFigures {
  readonly rows: readonly CoreRow[];
  readonly fills: readonly CoreFill[];
}

async function core(input: CoreInput, signal: AbortSignal): Promise<CoreFigures> {
  const rows: CoreRow[] = [];
  const fills: CoreFill[] = [];
  say(`core: ${input.pool}, warming up`);
  const warm = { pool: input.pool, inUse: input.pool === '/24' ? 100 : 1_000, batch: 2 };
  await measure(warm, { ...input, rounds: 2, roundMs: 2 * input.roundMs }, signal);
  for (const one of casesOf(input.pool, input.most)) {
    const { fill, measured } = await measure(one, input, signal);
    fills.push(fill);
    rows.push(...measured);
  }
  return { rows, fills };
}

async function measure(one: Case, input: CoreInput, signal: AbortSignal) {
  const { pool, inUse, batch } = one;
  const family = familyOf(pool);
  const before = heapUsed();
  const views = makeViews(one);
  const withViews = heapUsed();
  const world = new World();
  world.setPools(poolData(pool, false));
  const adoptNs = world.adopt(views);
  const withWorld = heapUsed();
  const map = new BareMap(views.map(({ annotation = '' }) => annotation));
  // Younger than those in use, as what is new is.
  const news = Array.from({ length: batch }, (_, i) => serviceView(inUse + i, 1, family));
  const measured: CoreRow[] = [];
  let newPoolsNs = Number.NaN;
  for (const order of ['asc', 'desc'] as const) {
    if (order === 'desc') newPoolsNs = world.setPools(poolData(pool, true));
    say(`core: ${pool}, ${inUse.toLocaleString('en-US')} in use, ${order}`);
    const rounds: Omit<CoreRow, 'pool' | 'inUse' | 'batch' | 'order'>[] = [];
    for (let round = 0; round < input.rounds; round += 1) {
      rounds.push(oneRound(world, map, news, someOf(views, round), input.roundMs));
      // A moment in which a signal can be heard.
      await pause(0);
      signal.throwIfAborted();
    }
    const of = (name: keyof (typeof rounds)[number]): number => median(rounds.map((round) => round[name]));
    measured.push({
      ...{ pool, inUse, batch, order },
      ...{ arrive: of('arrive'), reserve: of('reserve'), confirm: of('confirm'), leave: of('leave') },
      ...{ mapSetDelete: of('mapSetDelete'), turnOver: of('turnOver'), mapTurnOver: of('mapTurnOver') },
    });
  }
  const each = (bytes: number): number => (inUse === 0 ? Number.NaN : bytes / inUse);
  const fill: CoreFill = {
    ...{ pool, inUse, adoptNs, newPoolsNs },
    viewBytes: each(withViews - before),
    allocatorBytes: each(withWorld - withViews),
  };
  return { fill, measured };
}

function makeViews(one: Case): ServiceView[] {
  const family = familyOf(one.pool);
  const tell = counter(`core: ${one.pool}, making Services`, one.inUse);
  return randomAddresses(one, seeded(one.inUse + 1)).map((address, i) => {
    if (i % 1_000 === 0) tell(i);
    return serviceView(i, i + 1, family, address);
  });
}

/** Others in each round, spread over the whole, so that they are not in the processor's cache already. */
function someOf(views: readonly ServiceView[], round: number): ServiceView[] {
  const random = seeded(round + 7);
  const some = new Set<ServiceView>();
  for (let i = 0; i < Math.min(views.length, 5_000); i += 1) {
    const view = views[Math.floor(random() * views.length)];
    if (view !== undefined) some.add(view);
  }
  return [...some];
}

/** Means over the round's batches; the map right behind each batch, so that a disturbance meets both. */
function oneRound(
  world: World,
  map: BareMap,
  news: readonly ServiceView[],
  held: readonly ServiceView[],
  roundMs: number,
): Omit<CoreRow, 'pool' | 'inUse' | 'batch' | 'order'> {
  const sum = { arrive: 0, reserve: 0, confirm: 0, leave: 0, mapSetDelete: 0 };
  const addresses: string[] = [];
  let batches = 0;
  for (const end = performance.now() + roundMs; batches === 0 || performance.now() < end; batches += 1) {
    const times = world.batch(news, addresses);
    sum.arrive += times.arrive;
    sum.reserve += times.reserve;
    sum.confirm += times.confirm;
    sum.leave += times.leave;
    sum.mapSetDelete += map.setAndDelete(addresses);
  }
  const keys = held.map(({ annotation = '' }) => annotation);
  return {
    arrive: sum.arrive / batches,
    reserve: sum.reserve / batches,
    confirm: sum.confirm / batches,
    leave: sum.leave / batches,
    mapSetDelete: sum.mapSetDelete / batches,
    turnOver: held.length === 0 ? Number.NaN : world.turnOver(held),
    mapTurnOver: held.length === 0 ? Number.NaN : map.turnOver(keys),
  };
}

await serve(core);
