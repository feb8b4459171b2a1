/** How a drain goes on, or stops, when something else happens to the Services meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../src/client/errors.ts';
import type { MoveOptions } from '../../../src/cmd/kubectl-vip/move-options.ts';
import { type LiveCluster, type MoveOutcome, MoveRun } from '../../../src/cmd/kubectl-vip/move-run.ts';
import { parsePoolEntry } from '../../../src/core/config/pool-entry.ts';
import type { Service } from '../../../src/core/model/objects.ts';
import type { ServiceView } from '../../../src/core/model/service-view.ts';
import { type Move, type MovePlan, planMoves } from '../../../src/core/queries/drain.ts';
import { Simulation } from '../../../src/core/queries/simulate.ts';
import { createFakeClock, until } from '../../client/fake-clock.ts';
import { options, snapshotOf } from '../../core/snapshots.ts';

const pool = { 'cidr-global': '10.0.0.1-10.0.0.20' };
const drained = parsePoolEntry('10.0.0.1-10.0.0.9');

function service(name: string): Service {
  return {
    metadata: { namespace: 'a', name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ports: [{ port: 80 }] },
  };
}

/** A cluster whose controller carries out each request at once, unless `isAway`, and whose announcer follows unless `isSilent`. */
class World implements LiveCluster {
  readonly options = options;
  readonly lines: string[] = [];
  readonly requested: string[] = [];
  readonly clock = createFakeClock();
  readonly stop = new AbortController();
  isAway = false;
  isSilent = false;
  /** Called before each request. */
  before: (move: Move) => void = () => {};
  readonly #simulation: Simulation;
  #change = Promise.withResolvers<void>();

  constructor(...names: string[]) {
    this.#simulation = new Simulation(snapshotOf(names.map(service), pool), options);
    this.settle();
  }

  get allocator() {
    return this.#simulation.allocator;
  }

  view(key: string): ServiceView {
    return this.allocator.ledger.get(key)?.view ?? assert.fail(key);
  }

  /** Another client changes a Service. */
  edit(key: string, change: Partial<ServiceView>): void {
    this.#simulation.write({ ...this.view(key), ...change });
    this.settle();
  }

  delete(key: string): void {
    this.allocator.deleteService(key, '99999999');
    this.settle();
  }

  create(name: string): void {
    const [view] = snapshotOf([service(name)], pool).services;
    this.#simulation.write(view ?? assert.fail());
    this.settle();
  }

  settle(): void {
    if (!this.isAway) this.#simulation.settle();
    for (const { key, view } of [...this.allocator.ledger.all()]) {
      const shown = view.annotation === undefined ? [] : [view.annotation];
      if (this.isSilent || view.statusIPs.join() === shown.join()) continue;
      this.#simulation.write({ ...this.view(key), statusIPs: shown });
    }
    if (!this.isAway) this.#simulation.settle();
    const before = this.#change;
    this.#change = Promise.withResolvers();
    before.resolve();
  }

  changed(): Promise<void> {
    return this.#change.promise;
  }

  async request(move: Move, resourceVersion: string): Promise<string> {
    this.before(move);
    const view = this.view(move.service);
    if (view.resourceVersion !== resourceVersion) throw refused(409);
    this.requested.push(move.service);
    this.edit(move.service, { reallocate: { target: move.to } });
    return this.view(move.service).resourceVersion;
  }

  async replan(): Promise<MovePlan> {
    return this.plan();
  }

  plan(): MovePlan {
    const services = [...this.allocator.ledger.all()].map(({ view }) => view);
    const request = {
      ranges: 'range' in drained ? [drained.range] : [],
      includes: () => true,
      ...{ movesStatic: false, pool: undefined, addresses: [], keepsHost: false },
    };
    return planMoves({ ...snapshotOf([], pool), services }, request, options);
  }

  run(more: Partial<MoveOptions> = {}): Promise<MoveOutcome> {
    const moving: MoveOptions = {
      ...{ to: undefined, keepsHost: false, batch: 1, wait: 'announced', pauseMs: 0 },
      ...{ timeoutMs: Number.POSITIVE_INFINITY, excludes: false, isDryRun: false },
      ...more,
    };
    const { clock } = this;
    const report = (line: string): void => void this.lines.push(line);
    return new MoveRun(this.plan(), this, moving, { clock, signal: this.stop.signal, report }).run();
  }
}

function refused(status: number): ApiError {
  return new ApiError({ verb: 'patch', path: '/' }, status, { message: 'refused' });
}

const names = (moves: readonly Move[]): string => moves.map(({ service }) => service.slice(2)).join();

test('a drain reports each move with what is done, under way, and left', async () => {
  const world = new World('x', 'y', 'z');
  const { kind, done } = await world.run({ batch: 2 });
  assert.equal(kind, 'done');
  assert.equal(names(done), 'x,y,z');
  assert.deepEqual(world.lines, [
    'a/x  10.0.0.1 -> 10.0.0.10  announced (1 done, 1 under way, 1 left)',
    'a/y  10.0.0.2 -> 10.0.0.11  announced (2 done, 0 under way, 1 left)',
    'a/z  10.0.0.3 -> 10.0.0.12  announced (3 done, 0 under way, 0 left)',
  ]);
});

test('a Service that changed since it was read is requested again', async () => {
  const world = new World('x');
  let edits = 3;
  world.before = () => {
    if (edits-- > 0) world.edit('a/x', { goFinalizers: edits === 0 ? undefined : [String(edits)] });
  };
  assert.equal((await world.run()).kind, 'done');
  assert.deepEqual(world.requested, ['a/x']);
});

test('a planned address that another Service takes is replaced', async () => {
  const world = new World('x', 'y');
  world.before = () => {
    world.before = () => {};
    world.create('thief');
    world.edit('a/thief', { reallocate: { target: '10.0.0.11' } });
  };
  const { kind, done } = await world.run();
  assert.equal(kind, 'done');
  assert.deepEqual(
    done.map(({ service, to }) => `${service} ${to}`),
    ['a/x 10.0.0.10', 'a/y 10.0.0.12'],
  );
  assert.ok(
    world.lines.includes('Another Service took a planned address. The remaining Services are planned again.'),
  );
});

test('a Service that is deleted is left out', async () => {
  const world = new World('x', 'y');
  world.before = ({ service }) => {
    if (service !== 'a/x') return;
    world.delete('a/x');
    throw refused(404);
  };
  const { kind, done } = await world.run();
  assert.deepEqual([kind, names(done)], ['done', 'y']);
  assert.equal(world.lines[0], 'a/x was deleted (0 done, 0 under way, 1 left)');
});

test('a request that fails stops the drain, and the rest is left', async () => {
  const world = new World('x', 'y', 'z');
  world.before = ({ service }) => {
    if (service === 'a/y') throw refused(403);
  };
  const { kind, why, done, underWay, left } = await world.run();
  assert.deepEqual([kind, names(done), names(underWay), names(left)], ['stopped', 'x', '', 'y,z']);
  assert.equal(why, 'patch /: refused (403)');
});

test('a request that the controller refuses stops the drain with its reason', async () => {
  const world = new World('x', 'y');
  world.before = () => {
    world.before = () => {};
    world.create('thief');
    world.edit('a/thief', { reallocate: { target: '10.0.0.10' } });
    throw refused(409);
  };
  const { kind, why, underWay, left } = await world.run();
  assert.equal(kind, 'stopped');
  assert.match(why, /^a\/x was not moved: Waiting for .* requests 10\.0\.0\.10, which a\/thief uses\./);
  assert.deepEqual([names(underWay), names(left)], ['x', 'y']);
});

test('a Service that another client moves elsewhere stops the drain', async () => {
  const world = new World('x');
  world.isAway = true;
  const running = world.run();
  await until(() => world.requested.length > 0);
  world.edit('a/x', { reallocate: false });
  const { kind, why } = await running;
  assert.equal(kind, 'stopped');
  assert.equal(why, 'a/x was not moved: another client changed it. It has 10.0.0.1 now.');
});

test('an interrupt waits for nothing, and says how far the drain came', async () => {
  const world = new World('x', 'y', 'z');
  world.isSilent = true;
  const running = world.run({ batch: 2 });
  await until(() => world.requested.length === 2);
  world.stop.abort(new Error('interrupted'));
  const { kind, done, underWay, left } = await running;
  assert.deepEqual([kind, names(done), names(underWay), names(left)], ['interrupted', '', 'x,y', 'z']);
});

test('what was requested before is waited for, and not requested again', async () => {
  const world = new World('x', 'y');
  world.isAway = true;
  world.edit('a/x', { reallocate: { target: '10.0.0.15' } });
  const running = world.run();
  await Promise.resolve();
  world.isAway = false;
  world.settle();
  const { kind, done } = await running;
  assert.equal(kind, 'done');
  assert.deepEqual(
    done.map(({ service, to }) => `${service} ${to}`),
    ['a/x 10.0.0.15', 'a/y 10.0.0.10'],
  );
  assert.deepEqual(world.requested, ['a/y']);
});

test('a batch that takes too long stops the drain', async () => {
  const world = new World('x', 'y');
  world.isSilent = true;
  const running = world.run({ timeoutMs: 60_000 });
  await until(() => world.requested.length > 0);
  world.clock.advance(60_000);
  const { kind, why } = await running;
  assert.equal(kind, 'stopped');
  assert.equal(
    why,
    'a/x has 10.0.0.10, but its status does not show it after 60 s. Check that kube-vip is running. Some versions announce a changed address only after a restart of kube-vip: then restart it after the drain, and add --wait assigned.',
  );
});

test('a Service that was not announced before is not waited for any longer', async () => {
  const world = new World();
  world.isSilent = true;
  world.create('x');
  const { kind } = await world.run();
  assert.equal(kind, 'done');
  assert.deepEqual(world.lines, ['a/x  10.0.0.1 -> 10.0.0.10  assigned (1 done, 0 under way, 0 left)']);
});

test('without waiting, every request is sent', async () => {
  const world = new World('x', 'y', 'z');
  world.isAway = true;
  const { kind, done } = await world.run({ wait: 'none' });
  assert.deepEqual([kind, names(done)], ['done', 'x,y,z']);
});

test('addresses that a pool assigns again are reported at the end', async () => {
  const world = new World('x');
  world.before = () => {
    world.before = () => {};
    // The next address is that of the Service that was moved.
    for (let i = 0; i < 3; i += 1) world.create(`late-${i}`);
    throw refused(409);
  };
  const { kind, why } = await world.run();
  assert.equal(kind, 'stopped');
  assert.equal(why, '3 other Services have these addresses now, such as a/late-0.');
});
