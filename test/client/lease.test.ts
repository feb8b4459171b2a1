import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMs, holderOf, type Lease, withHolder, withoutHolder } from '../../src/client/lease.ts';

const wallMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const now = '2026-01-02T03:04:05.678000Z';
const before = '2026-01-01T00:00:00.000000Z';

/** With what a later Kubernetes may add. */
function lease(spec: NonNullable<Lease['spec']>): Lease {
  return {
    metadata: { name: 'a', resourceVersion: '7', labels: { mine: 'stays' } },
    spec: { ...spec, ...{ strategy: 'OldestEmulationVersion' } },
  };
}

const claim = { identity: 'me', leaseDurationMs: 15_000, wallMs };

test('a new Lease has no transitions yet', () => {
  const { spec } = withHolder({ metadata: { name: 'a' } }, claim);
  assert.deepEqual(spec, {
    holderIdentity: 'me',
    leaseDurationSeconds: 15,
    acquireTime: now,
    renewTime: now,
    leaseTransitions: 0,
  });
});

test('a renewal moves nothing but its time', () => {
  const mine = { holderIdentity: 'me', leaseDurationSeconds: 15, acquireTime: before, leaseTransitions: 3 };
  const renewed = withHolder(lease({ ...mine, renewTime: before }), claim);
  assert.deepEqual(renewed, lease({ ...mine, renewTime: now }));
});

test('a change of hands is counted, also from nobody, and what is not ours stays', () => {
  for (const holderIdentity of ['other', '']) {
    const taken = withHolder(lease({ holderIdentity, acquireTime: before, leaseTransitions: 3 }), claim);
    const spec = { holderIdentity: 'me', leaseDurationSeconds: 15, acquireTime: now, renewTime: now };
    assert.deepEqual(taken, lease({ ...spec, leaseTransitions: 4 }));
  }
});

test('given back, nobody holds it and it lasts no longer than it must', () => {
  const back = withoutHolder(withHolder(lease({ leaseTransitions: 3 }), claim), wallMs);
  assert.equal(holderOf(back), '');
  assert.equal(durationMs(back, 15_000), 1_000);
  assert.equal(back.spec?.leaseTransitions, 4);
  assert.equal(back.metadata.resourceVersion, '7', 'under the version that was read');
});

test('a Lease that does not say how long it lasts lasts as long as ours', () => {
  assert.equal(durationMs({ metadata: { name: 'a' } }, 15_000), 15_000);
});
