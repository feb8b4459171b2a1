import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/fake-clock.ts';
import { Harness, type Interception } from './harness.ts';

/** The responses of kube-apiserver 1.36 for an unknown resource, and for one without permission. */
const noSuchResource: Interception = {
  status: 404,
  body: {
    kind: 'Status',
    status: 'Failure',
    message: 'the server could not find the requested resource',
    reason: 'NotFound',
    details: {},
    code: 404,
  },
};
const forbidden: Interception = {
  status: 403,
  body: { kind: 'Status', status: 'Failure', reason: 'Forbidden', code: 403 },
};

for (const [what, interception, message] of [
  [
    'in a cluster before Kubernetes 1.33',
    noSuchResource,
    /^error: --claims needs Kubernetes 1\.33 or newer, .*remove the flag\. Until then, no address is assigned\.$/,
  ],
  [
    'without permission to list IPAddresses',
    forbidden,
    /^error: --claims needs the verbs create, get, list, watch, patch and delete .* Until then, no address is assigned\.$/,
  ],
] as const) {
  test(`${what}, --claims assigns no address and logs its requirement once, and continues once it is met`, async () => {
    const harness = new Harness({ claims: true });
    let requests = 0;
    harness.onClaimRequest = () => {
      requests += 1;
      return interception;
    };
    harness.pools({ 'range-global': '10.0.0.1-10.0.0.9' });
    harness.load('default/web');
    harness.start();
    const requirements = (): string[] =>
      harness.log.lines.filter((line) => line.startsWith('error: --claims needs'));
    for (let attempts = 1; attempts <= 4; attempts += 1) {
      await until(() => requests === attempts, 'the list is requested');
      await until(
        () => harness.log.lines.filter((line) => /^warn: list .*ipaddresses/.test(line)).length === attempts,
        'the failure is logged',
      );
      harness.clock.advance(60_000);
    }
    assert.equal(requirements().length, 1);
    assert.match(requirements()[0] ?? '', message);
    assert.deepEqual(harness.writes, []);
    assert.equal(harness.replica.health.ready()[0]?.problem?.includes('--claims'), true);
    harness.onClaimRequest = () => 'pass';
    harness.clock.advance(60_000);
    await harness.settled();
    assert.deepEqual(harness.writes, ['PATCH default/web']);
    await harness.stop();
  });
}
