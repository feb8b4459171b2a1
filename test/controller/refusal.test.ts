import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../src/client/errors.ts';
import { refusalOf } from '../../src/controller/refusal.ts';
import { isTransient } from '../../src/controller/write-service.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { aMoment, until } from '../client/fake-clock.ts';
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

test('denied Services that want the same address do not take turns without back-off', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1-10.0.0.2' });
  harness.load('other/holder', {
    metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' } },
    spec: { loadBalancerIP: '10.0.0.1' },
  });
  // Whatever one of them does with the address in its status, the other one is decided again.
  const status = { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } };
  for (const name of ['a', 'b']) harness.load(`default/${name}`, { status });
  const attempts = (): number => harness.writes.filter((write) => write.includes('default/')).length;
  // Bounded, so that the test ends if they do take turns.
  harness.onWrite = ({ path }) =>
    path.includes('/default/') && attempts() < 50 ? answer(403, 'Forbidden', webhookText) : 'pass';
  harness.start();
  // The clock stands still.
  await until(() => attempts() >= 2);
  for (let i = 0; i < 20; i += 1) await aMoment();
  // Each once, and one more because the change of the holder was written.
  assert.ok(attempts() <= 3, `${attempts()} attempts`);
  await harness.stop();
});

test('the reservation of a former leader stays if the same change is denied now', async () => {
  const harness = new Harness({ claims: true });
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/old');
  harness.load('default/new', { metadata: { creationTimestamp: '2030-01-01T00:00:00Z' } });
  harness.onWrite = () => 'lost before';
  harness.start();
  await until(() => harness.writes.length >= 1);
  await harness.stop();
  const before = harness.writes.length;
  harness.onWrite = ({ path }) => (path.includes('/old?') ? answer(403, '', webhookText) : 'pass');
  harness.start();
  await until(() => harness.writes.length === before + 1);
  harness.clock.advance(1_100);
  await until(() => harness.writes.length === before + 2);
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

/** Removes these annotations and labels from each change of a Service, as a mutating policy does. */
function stripping(path: string, ...names: readonly string[]): Harness['onWrite'] {
  return (request) => {
    if (!request.path.includes(path)) return 'pass';
    const patch = JSON.parse(request.body ?? '{}') as Service;
    for (const fields of [patch.metadata.annotations, patch.metadata.labels])
      for (const name of names) delete fields?.[name];
    return { admitted: JSON.stringify(patch) };
  };
}

test('a change that mutating admission strips is reported at once, names admission, and keeps no address', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/old');
  harness.load('default/new', { metadata: { creationTimestamp: '2030-01-01T00:00:00Z' } });
  const annotations = ['kube-vip.io/loadbalancerIPs', 'kube-vip.io/allocation'];
  harness.onWrite = (request) => {
    const admitted = stripping('/old?', ...annotations, 'implementation')(request);
    if (admitted === 'pass') return 'pass';
    const { admitted: body } = admitted as { admitted: string };
    return { admitted: body.replace(/"loadBalancerIP":"[^"]*"/, '"loadBalancerIP":null') };
  };
  harness.start();
  await until(() => harness.address('default/new') === '10.0.0.1');
  await until(() => harness.events().some((event) => event.includes('default/old')));
  const [event = ''] = harness.events().filter((one) => one.includes('default/old'));
  assert.equal(
    event,
    'Warning LoadBalancerFieldsUndone default/old: The API server accepted the change of kube-vip.io/loadbalancerIPs, spec.loadBalancerIP, the label implementation, kube-vip.io/allocation, but its answer does not show it: a mutating admission policy or webhook probably reverts these fields. Exempt the controller from it. The controller keeps restoring them with back-off. The next attempt is at 2026-01-02T03:04:06Z.',
  );
  assert.match(harness.replica.metrics(), /services_failing\{refusal="admission"\} 1/);
  // Nothing says that the Service has an address.
  assert.ok(!harness.events().some((one) => one.includes('Assigned') && one.includes('default/old')));
  harness.onWrite = () => 'pass';
  await harness.delete('default/new');
  harness.clock.advance(10_000);
  await until(() => harness.address('default/old') === '10.0.0.1');
  await harness.stop();
});

test('mutating admission that keeps a request for a reallocation causes no loop of writes', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1-10.0.0.2' });
  harness.load('default/a');
  harness.start();
  await harness.settled();
  const before = harness.writes.length;
  harness.onWrite = stripping('/a?', 'kube-vip.io/reallocate');
  await harness.patch('default/a', { metadata: { annotations: { 'kube-vip.io/reallocate': 'true' } } });
  await until(() => harness.writes.length === before + 1);
  await aMoment();
  assert.equal(harness.writes.length, before + 1);
  harness.clock.advance(1_100);
  await until(() => harness.writes.length === before + 2);
  await aMoment();
  assert.equal(harness.writes.length, before + 2);
  await harness.stop();
});

test('mutating admission that strips only the label is reported, and the assignment too', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/a');
  harness.onWrite = stripping('/a?', 'implementation');
  harness.start();
  await until(() => harness.events().length === 2);
  const [assigned, undone] = harness.events();
  assert.equal(assigned, 'Normal EnsuredLoadBalancer default/a: Assigned 10.0.0.1 (from cidr-global)');
  assert.match(undone ?? '', /accepted the change of the label implementation, but .* this field\./);
  await harness.stop();
});
