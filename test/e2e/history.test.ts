/**
 * `kubectl vip history` on the log of a real controller on a real API server, which has no kubelet: the log is read from files here, and
 * from the API of a small server in test/cmd/kubectl-vip/history.test.ts.
 */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after } from 'node:test';
import { sharedBundle } from './bundle.ts';
import { eventually } from './eventually.ts';
import { Shell } from './kubectl-vip.ts';
import { assigned, loadBalancer, names } from './objects.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('history');

interface Answer {
  readonly items: readonly {
    readonly service: string;
    readonly address: string;
    readonly from: { readonly time: string; readonly isExact: boolean };
    readonly until: { readonly time: string; readonly isExact: boolean } | null;
    readonly assigned?: string;
    readonly ended?: string;
  }[];
  readonly conflicts: readonly {
    readonly service: string;
    readonly address: string;
    readonly holder?: string;
  }[];
}

/** `shop/web 10.0.0.1 allocate deleted`: with `<` for an end that is not exact. */
function textsOf({ items }: Answer): string[] {
  return items.map(
    ({ service, address, from, until, assigned = '?', ended = 'held' }) =>
      `${service} ${address} ${from.isExact ? '' : '<'}${assigned} ${until?.isExact === false ? '<' : ''}${ended}`,
  );
}

scenario(
  'history shows each way in which a Service gets and loses an address',
  async ({ cluster, start }) => {
    const bundle = await sharedBundle();
    after(() => bundle.remove());
    const shell = new Shell(dirname(bundle.entry), cluster.server.kubeconfig());
    try {
      await cluster.pools({ 'range-global': '10.0.0.1-10.0.0.6' });
      const first = start();
      const standby = start();
      const logs = [first, standby];
      const ask = (query: string): Promise<Answer> => {
        for (const [i, { output }] of logs.entries()) shell.write(`replica-${i}.log`, output);
        return shell.json<Answer>(`history ${query}${logs.map((_, i) => ` -f replica-${i}.log`).join('')}`);
      };
      const shows = (query: string, expected: readonly string[]): Promise<void> =>
        eventually(async () => assert.deepEqual(textsOf(await ask(query)), expected, query));
      const move = (key: string, address: string) => cluster.annotate(key, { [names.addresses]: address });
      for (const [i, name] of ['web', 'type', 'edit', 'fresh', 'late', 'quiet'].entries()) {
        await cluster.create(loadBalancer(`default/${name}`));
        await cluster.becomes(`default/${name}`, assigned(`10.0.0.${i + 1}`, 'range-global'));
      }
      await cluster.remove('default/web');
      await shows('10.0.0.1', ['default/web 10.0.0.1 allocate deleted']);
      await cluster.patch('default/type', { spec: { type: 'ClusterIP' } });
      await shows('10.0.0.2', ['default/type 10.0.0.2 allocate type-changed']);
      await move('default/edit', '10.9.9.9');
      await shows('service/edit', [
        'default/edit 10.0.0.3 allocate mark-static',
        'default/edit 10.9.9.9 mark-static held',
      ]);
      await move('default/late', '10.9.9.9');
      await shows('10.0.0.5', ['default/late 10.0.0.5 allocate edited']);
      await eventually(async () => {
        const { conflicts } = await ask('10.9.9.9');
        const [conflict] = conflicts.filter(({ service }) => service === 'default/late');
        assert.equal(conflict?.holder, 'default/edit');
      });
      await cluster.pools({ 'range-global': '10.0.0.1-10.0.0.3, 10.0.0.6' });
      await cluster.annotate('default/fresh', { [names.reallocate]: 'true' });
      await shows('service/fresh', [
        'default/fresh 10.0.0.4 allocate reallocate',
        'default/fresh 10.0.0.1 reallocate held',
      ]);
      // Nobody runs while one Service is deleted, and another one stays.
      await Promise.all(logs.map((controller) => controller.crash()));
      await cluster.remove('default/quiet');
      const third = start();
      await third.logs(/^Services with addresses: 2$/);
      logs.push(third);
      await shows('10.0.0.6', ['default/quiet 10.0.0.6 allocate <unknown']);
      await shows('10.0.0.1', [
        'default/web 10.0.0.1 allocate deleted',
        'default/fresh 10.0.0.1 reallocate held',
      ]);
      // The log of the third replica alone begins in the middle.
      logs.splice(0, 2);
      await shows('10.0.0.1', ['default/fresh 10.0.0.1 <? held']);
      await shows('10.0.0.6', []);
    } finally {
      shell.close();
    }
  },
);

scenario('without Pods, or without a kubelet, history says what it cannot read', async ({ cluster }) => {
  const bundle = await sharedBundle();
  after(() => bundle.remove());
  const shell = new Shell(dirname(bundle.entry), cluster.server.kubeconfig());
  const pods = '/api/v1/namespaces/kube-system/pods';
  try {
    const none = await shell.run('kubectl vip history 10.0.0.1');
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^history: Deployment kube-system\/kube-vip-cloud-provider has no Pods/m);
    const labels = { app: 'kube-vip', component: 'kube-vip-cloud-provider' };
    await cluster.client.post(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'lost', namespace: 'kube-system', labels },
      spec: {
        automountServiceAccountToken: false,
        nodeName: 'nowhere',
        containers: [{ name: 'kube-vip-cloud-provider', image: 'registry.example/none' }],
      },
    });
    const lost = await shell.run('kubectl vip history 10.0.0.1');
    assert.equal(lost.code, 1);
    assert.match(lost.stderr, /^Pod kube-system\/lost cannot be read to its end: .*\/pods\/lost\/log: /m);
  } finally {
    await cluster.client.delete(`${pods}/lost`).catch(() => {});
    shell.close();
  }
});
