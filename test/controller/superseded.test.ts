import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Api, createApi } from '../../src/client/api.ts';
import { unlimitedLeadership } from '../../src/client/election.ts';
import { InFlightWrites } from '../../src/controller/in-flight-writes.ts';
import { PatchOrUpdate } from '../../src/controller/patch-or-update.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { Interner } from '../../src/core/text/interner.ts';
import { aMoment, createFakeClock } from '../client/fake-clock.ts';
import { createMemoryLog } from '../client/memory-log.ts';

function view(resourceVersion: string) {
  return viewOf({
    metadata: { namespace: 'default', name: 'a', uid: 'u', resourceVersion },
    spec: { type: 'LoadBalancer' },
  });
}

/** Writes to an API server that always responds with 504. */
function failingWrites() {
  const clock = createFakeClock();
  const transport = async () => ({ status: 504, headers: {}, body: (async function* () {})() });
  const api: Api = createApi(transport, { userAgent: 'test', fieldManager: 'test', clock });
  const log = createMemoryLog();
  const context = {
    api,
    sender: new PatchOrUpdate(api, log),
    clock,
    random: () => 0.5,
    log,
    interner: new Interner(),
  };
  const writes = new InFlightWrites({
    context,
    leadership: unlimitedLeadership(),
    concurrency: 1,
    wake() {},
    reporter: { rejected() {} },
  });
  const outcomes: string[] = [];
  void writes.begin(view('3'), { labeled: true }, ({ kind }) => outcomes.push(kind));
  return { writes, outcomes };
}

test('a newer version of the Service ends a write during back-off', async () => {
  const { writes, outcomes } = failingWrites();
  await aMoment();
  writes.seen(view('4'));
  await aMoment();
  assert.deepEqual(outcomes, ['superseded']);
});

test('an older version from a slow watch does not: the write may still execute', async () => {
  const { writes, outcomes } = failingWrites();
  await aMoment();
  writes.seen(view('2'));
  await aMoment();
  assert.deepEqual(outcomes, []);
  assert.equal(await writes.drain(1_000), false, 'an earlier attempt may still execute');
  assert.deepEqual(outcomes, ['stopped']);
});

test('a newer version observed during an attempt ends the write instead of a back-off', async () => {
  const { writes, outcomes } = failingWrites();
  writes.seen(view('4'));
  await aMoment();
  assert.deepEqual(outcomes, ['superseded']);
});
