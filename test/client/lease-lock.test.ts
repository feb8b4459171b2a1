import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMs, holderOf, type Lease, withHolder, withoutHolder } from '../../src/client/lease-lock.ts';

const wallMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const now = '2026-01-02T03:04:05.678000Z';
const before = '2026-01-01T00:00:00.000000Z';

/** Includes a field that later versions of Kubernetes have. */
function lease(spec: NonNullable<Lease['spec']>): Lease {
  return {
    metadata: { name: 'a', resourceVersion: '7', labels: { mine: 'stays' } },
    spec: { ...spec, ...{ strategy: 'OldestEmulationVersion' } },
  };
}

const holder = { identity: 'me', leaseDurationMs: 15_000, wallMs };

test('a new Lease has no transitions yet', () => {
  const { spec } = withHolder({ metadata: { name: 'a' } }, holder);
  assert.deepEqual(spec, {
    holderIdentity: 'me',
    leaseDurationSeconds: 15,
    acquireTime: now,
    renewTime: now,
    leaseTransitions: 0,
  });
});

test('a renewal changes only the renew time', () => {
  const mine = { holderIdentity: 'me', leaseDurationSeconds: 15, acquireTime: before, leaseTransitions: 3 };
  const renewed = withHolder(lease({ ...mine, renewTime: before }), holder);
  assert.deepEqual(renewed, lease({ ...mine, renewTime: now }));
});

test('a new holder increments the transitions, also from no holder, and other fields stay', () => {
  for (const holderIdentity of ['other', '']) {
    const taken = withHolder(lease({ holderIdentity, acquireTime: before, leaseTransitions: 3 }), holder);
    const spec = { holderIdentity: 'me', leaseDurationSeconds: 15, acquireTime: now, renewTime: now };
    assert.deepEqual(taken, lease({ ...spec, leaseTransitions: 4 }));
  }
});

test('a released Lease has no holder and the shortest duration', () => {
  const back = withoutHolder(withHolder(lease({ leaseTransitions: 3 }), holder), wallMs);
  assert.equal(holderOf(back), '');
  assert.equal(durationMs(back, 15_000), 1_000);
  assert.equal(back.spec?.leaseTransitions, 4);
  assert.equal(back.metadata.resourceVersion, '7', 'keeps the version that was read');
});

test('a Lease without a duration uses our own', () => {
  assert.equal(durationMs({ metadata: { name: 'a' } }, 15_000), 15_000);
});
