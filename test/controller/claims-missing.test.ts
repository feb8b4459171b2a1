import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/fake-clock.ts';
import { type Fate, Harness } from './harness.ts';

/** In the words of kube-apiserver 1.36, for a resource that it does not have, and for one that may not be read. */
const noSuchResource: Fate = {
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
const forbidden: Fate = {
  status: 403,
  body: { kind: 'Status', status: 'Failure', reason: 'Forbidden', code: 403 },
};

for (const [what, fate, says] of [
  [
    'in a cluster before Kubernetes 1.33',
    noSuchResource,
    /^error: --claims needs Kubernetes 1\.33 or newer, .*leave the flag out\. Until then no address is given\.$/,
  ],
  [
    'without the right to list IPAddresses',
    forbidden,
    /^error: --claims needs the verbs create, get, list, watch, patch and delete .* Until then no address is given\.$/,
  ],
] as const) {
  test(`${what} --claims gives no address and says once what it needs, and goes on when it has it`, async () => {
    const stage = new Harness({ claims: true });
    let asked = 0;
    stage.claims = () => {
      asked += 1;
      return fate;
    };
    stage.pools({ 'range-global': '10.0.0.1-10.0.0.9' });
    stage.load('default/web');
    stage.start();
    const needs = (): string[] => stage.log.lines.filter((line) => line.startsWith('error: --claims needs'));
    for (let attempts = 1; attempts <= 4; attempts += 1) {
      await until(() => asked === attempts, 'the list is asked for');
      await until(
        () => stage.log.lines.filter((line) => /^warn: list .*ipaddresses/.test(line)).length === attempts,
        'the failure is said',
      );
      stage.clock.advance(60_000);
    }
    assert.equal(needs().length, 1);
    assert.match(needs()[0] ?? '', says);
    assert.deepEqual(stage.writes, []);
    assert.equal(stage.inner.health.ready()[0]?.problem?.includes('--claims'), true);
    stage.claims = () => 'pass';
    stage.clock.advance(60_000);
    await stage.settled();
    assert.deepEqual(stage.writes, ['PATCH default/web']);
    await stage.stop();
  });
}
