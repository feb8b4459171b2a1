import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../src/client/errors.ts';
import { refusalOf } from '../../src/controller/refusal.ts';
import { isTransient } from '../../src/controller/write-service.ts';
import { until } from '../client/fake-clock.ts';
import { Harness, type Interception } from './harness.ts';

const policyText = "ValidatingAdmissionPolicy 'team' with binding 'team' denied request: not here";
const webhookText = 'admission webhook "hook.example.com" denied the request: not here';

/** As kube-apiserver answers; test/e2e/admission-denials.test.ts compares them with it. */
const answers = {
  permission: {
    status: 403,
    reason: 'Forbidden',
    message:
      'services "web" is forbidden: User "x" cannot patch resource "services" in API group "" in the namespace "shop"',
  },
  policy: { status: 403, reason: 'Forbidden', message: `services "web" is forbidden: ${policyText}` },
  webhook: { status: 403, reason: 'Forbidden', message: webhookText },
} as const;

function answer(status: number, reason: string, message: string): Interception {
  return { status, body: { kind: 'Status', reason, message } };
}

test('a refusal is read from the answer of the API server', () => {
  const user = 'User "x" cannot patch resource "services" in API group "" in the namespace "shop"';
  const internal = 'Internal error occurred: failed calling webhook "hook.example.com": connection refused';
  const policy = "ValidatingAdmissionPolicy 'team'";
  const webhook = 'admission webhook "hook.example.com"';
  const table: [status: number, message: string, kind: string, by: string][] = [
    [403, answers.permission.message, 'permission', user],
    [403, answers.policy.message, 'admission', policy],
    [422, answers.policy.message, 'admission', policy],
    [413, answers.policy.message, 'admission', policy],
    // The text of a policy is anyone's.
    [403, `services "web" is forbidden: ${policyText}: ${user}`, 'admission', policy],
    [403, 'services "web" is forbidden: exceeded quota: q, requested: x=1', 'admission', 'exceeded quota'],
    [
      400,
      'admission webhook "hook.example.com" denied the request without explanation',
      'admission',
      webhook,
    ],
    ...[401, 403, 404, 409, 422, 429, 500, 503].map((status): (typeof table)[number] => [
      status,
      webhookText,
      'admission',
      webhook,
    ]),
    [500, internal, 'admission', 'webhook "hook.example.com"'],
    [500, 'etcdserver: request timed out', 'other', '500 '],
    [422, 'Service "web" is invalid: spec.ports: Required value', 'other', '422 '],
    [403, '', 'other', '403 '],
  ];
  for (const [status, message, kind, by] of table) {
    const error = new ApiError({ verb: 'patch', path: '/' }, status, { message });
    assert.deepEqual(refusalOf(error), { kind, by }, `${status} ${message}`);
    if (kind === 'admission') assert.equal(isTransient(error), false, `${status} ${message}`);
  }
});

for (const claims of [false, true]) {
  for (const status of [403, 422, 429, 500]) {
    test(`a change that admission denies with ${status} keeps no address, ${claims ? 'with' : 'without'} claims`, async () => {
      const harness = new Harness({ claims });
      harness.pools({ 'cidr-global': '10.0.0.1-10.0.0.2' });
      for (const name of ['old-1', 'old-2']) harness.load(`default/${name}`);
      for (const name of ['new-1', 'new-2'])
        harness.load(`default/${name}`, { metadata: { creationTimestamp: '2030-01-01T00:00:00Z' } });
      harness.onWrite = ({ path }) => (path.includes('/old-') ? answer(status, '', webhookText) : 'pass');
      harness.start();
      // Without any retry: the clock stands still.
      await until(() => harness.address('default/new-1') !== undefined);
      await until(() => harness.address('default/new-2') !== undefined);
      assert.deepEqual(
        harness.writes.filter((write) => write.startsWith('PUT')),
        [],
        'a denial is no missing verb',
      );
      // They get an address when there is one, and the policy allows it.
      harness.onWrite = () => 'pass';
      await harness.delete('default/new-1');
      harness.clock.advance(1_100);
      await until(() => harness.address('default/old-1') !== undefined);
      await harness.stop();
    });
  }
}

test('the reservation of a former leader stays if the same change is denied now', async () => {
  const harness = new Harness({ claims: true });
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/old');
  harness.load('default/new', { metadata: { creationTimestamp: '2030-01-01T00:00:00Z' } });
  harness.onWrite = () => 'lost before';
  harness.start();
  await until(() => harness.writes.length === 1);
  await harness.stop();
  harness.onWrite = ({ path }) => (path.includes('/old?') ? answer(403, '', webhookText) : 'pass');
  harness.start();
  await until(() => harness.writes.length === 2);
  harness.clock.advance(1_100);
  await until(() => harness.writes.length === 3);
  assert.equal(harness.address('default/new'), undefined, 'the first write may still arrive');
  await harness.stop();
});

for (const [what, body] of Object.entries(answers)) {
  test(`when the reason of a refusal is gone (${what}), the first change that is written brings all others`, async () => {
    const count = 100;
    const harness = new Harness();
    harness.pools({ 'cidr-global': '10.0.0.0/24' });
    for (let i = 0; i < count; i += 1) harness.load(`shop/s-${i}`);
    harness.onWrite = () => answer(body.status, body.reason, body.message);
    harness.start();
    const patches = (): number => harness.writes.filter((write) => write.startsWith('PATCH')).length;
    // Five minutes of refusals: the next attempts are minutes away.
    for (let round = 1, ms = 1_000; round <= 8; round += 1, ms *= 2) {
      await until(() => patches() >= round * count);
      harness.clock.advance(ms);
    }
    await until(() => patches() >= 9 * count);
    harness.onWrite = () => 'pass';
    await harness.create('other/new');
    await until(() =>
      harness.services().every(({ metadata }) => metadata.labels?.implementation === 'kube-vip'),
    );
    await harness.stop();
  });
}

test('while a refusal lasts, changes elsewhere cause few attempts', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.0/24' });
  for (let i = 0; i < 50; i += 1) harness.load(`shop/s-${i}`);
  const { status, reason, message } = answers.permission;
  harness.onWrite = ({ path }) => (path.includes('/shop/') ? answer(status, reason, message) : 'pass');
  harness.start();
  const refused = (): number => harness.writes.filter((write) => write.startsWith('PATCH shop/')).length;
  await until(() => refused() === 50);
  for (let i = 0; i < 50; i += 1) {
    await harness.create(`other/s-${i}`);
    await until(() => harness.address(`other/s-${i}`) !== undefined);
  }
  await harness.stop();
  assert.equal(refused(), 51, 'one is tried, and the next only after a delay');
});
