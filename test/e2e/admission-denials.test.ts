import assert from 'node:assert/strict';
import { ApiError } from '../../src/client/errors.ts';
import { refusalOf } from '../../src/controller/refusal.ts';
import { type Answer, Client } from '../contract/http.ts';
import { Admission, strict, type WebhookResult } from './admission.ts';
import { eventually } from './eventually.ts';
import { assigned, loadBalancer, unassigned } from './objects.ts';
import { type ScenarioContext, scenarios } from './scenario.ts';

/** Policies and webhooks as Gatekeeper, Kyverno and others install them. */
const user = 'limited';
const scenario = scenarios('admission-denials', [{ name: user }]);

function withAdmission(
  title: string,
  body: (context: ScenarioContext & { admission: Admission }) => Promise<void>,
): void {
  scenario(title, async (context) => {
    const admission = new Admission(context.cluster);
    try {
      await body({ ...context, admission });
    } finally {
      await admission.clear();
    }
  });
}

function refusalIn({ status, body }: Answer): { kind: string; by: string } {
  return refusalOf(new ApiError({ verb: 'patch', path: '/' }, status, body as object));
}

withAdmission('the answers of admission and authorization are told apart', async ({ cluster, admission }) => {
  await cluster.create(loadBalancer('default/web', strict));
  const { url, ca, tokens } = cluster.server;
  const token = tokens[user] ?? '';
  const limited = new Client({ url, ca, token, needsNamespaces: true, close: async () => {} });
  const forbidden = await limited.patch('/api/v1/namespaces/default/services/web', { metadata: {} });
  limited.close();
  assert.equal(forbidden.status, 403);
  assert.deepEqual(refusalIn(forbidden), {
    kind: 'permission',
    by: 'User "limited" cannot patch resource "services" in API group "" in the namespace "default"',
  });
  for (const [reason, status] of Object.entries({
    Forbidden: 403,
    Invalid: 422,
    RequestEntityTooLarge: 413,
  })) {
    await admission.deny(reason, 'default/web');
    const answer = await admission.touch('default/web');
    assert.equal(answer.status, status);
    assert.deepEqual(refusalIn(answer), { kind: 'admission', by: "ValidatingAdmissionPolicy 'team'" });
    await admission.clear('default/web');
  }
  let result: WebhookResult | undefined = {};
  await admission.webhook(() => result, 'default/web');
  for (const code of [undefined, 400, 401, 403, 404, 409, 422, 429, 500, 503]) {
    result = code === undefined ? {} : { code, message: 'not here' };
    const answer = await admission.touch('default/web');
    assert.equal(answer.status, code ?? 400);
    assert.deepEqual(refusalIn(answer), { kind: 'admission', by: 'admission webhook "hook.example.com"' });
  }
  result = undefined;
  const broken = await admission.touch('default/web');
  assert.equal(broken.status, 500);
  assert.deepEqual(refusalIn(broken), { kind: 'admission', by: 'webhook "hook.example.com"' });
});

for (const [how, flags] of Object.entries({ 'without claims': [], 'with claims': ['--claims'] })) {
  withAdmission(
    `a Service whose changes are denied with 403 keeps no address from others, ${how}`,
    async ({ cluster, start, admission }) => {
      await cluster.create(loadBalancer('default/a', strict));
      await admission.deny('Forbidden', 'default/a');
      await cluster.create(loadBalancer('default/b'));
      await cluster.pools({ 'range-default': '10.1.0.1' });
      const controller = start({ flags, ...(flags.length > 0 ? { user: 'administrator' } : {}) });
      await cluster.becomes('default/b', assigned('10.1.0.1', 'range-default'));
      await cluster.warns('default/a', /denied request: not here \(403 Forbidden\)\. Change the Service so/);
      assert.deepEqual(await cluster.assignment('default/a'), unassigned);
      const line = await controller.logs(/rejected the change/);
      assert.equal(line.refusal, 'admission');
    },
  );
}

withAdmission(
  'a mutating policy that strips the annotations is named as the likely cause',
  async ({ cluster, start, admission }) => {
    await cluster.create(loadBalancer('default/a', { ...strict, annotations: { touched: 'no' } }));
    const expression = `Object{metadata: Object.metadata{annotations: {'kube-vip.io/loadbalancerIPs': '', 'kube-vip.io/allocation': ''}}}`;
    const spec = {
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    };
    const applies = ({ body }: Answer): boolean =>
      body.metadata.annotations?.['kube-vip.io/allocation'] === '';
    await admission.policy('Mutating', spec, applies, 'default/a');
    await cluster.pools({ 'range-default': '10.1.0.1' });
    start();
    await cluster.warns(
      'default/a',
      /mutating admission policy or webhook probably reverts/,
      'LoadBalancerFieldsUndone',
    );
  },
);

scenario(
  'namespaces that are deleted while Services are created harm no other namespace',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-global': '10.1.0.1-10.1.0.40' });
    const controller = start();
    await controller.logs(/read the pools/);
    const doomed = Array.from({ length: 3 }, (_, i) => `doomed-${i}`);
    const keys = doomed.flatMap((namespace) => [`${namespace}/a`, `${namespace}/b`, `${namespace}/c`]);
    for (const key of keys) await cluster.create(loadBalancer(key));
    await Promise.all(doomed.map((name) => cluster.client.delete(`/api/v1/namespaces/${name}`)));
    // No controller-manager runs, which would delete them.
    for (const key of keys) await cluster.remove(key);
    for (let i = 0; i < 40; i += 1)
      await cluster.create(loadBalancer(`default/web-${i}`, { allocateLoadBalancerNodePorts: false }));
    await eventually(async () => {
      const addresses = Object.values(await cluster.addresses());
      assert.equal(new Set(addresses).size, 40);
      assert.ok(!addresses.includes(null));
    });
    assert.ok(controller.isRunning);
  },
);
