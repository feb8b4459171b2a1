/** Pools by name, exclusions, reservations, and quotas as users type them, with kubectl and the plugin on a real API server. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after } from 'node:test';
import { sharedBundle } from './bundle.ts';
import { eventually } from './eventually.ts';
import { Shell } from './kubectl-vip.ts';
import { assigned, loadBalancer, unassigned } from './objects.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('named-pools');

const configMap = `apiVersion: v1
kind: ConfigMap
metadata: { name: kubevip, namespace: kube-system }
data:
  pool.internal: 10.0.0.0/24
  pool.dmz: 203.0.113.16/28, 2001:db8:1::/120
  exclude.internal: 10.0.0.1-10.0.0.20            # routers, nodes
  interface.dmz: eth1
  vlan.dmz: "120"
  select.dmz: tier=edge
  pools-global: internal
  pools-shop: internal, dmz
  reserve-shop: web=203.0.113.20
  quota-shop: "5"
`;

scenario(
  'each line of the example works, and each question is answered by one command',
  async ({ cluster, start }) => {
    const bundle = await sharedBundle();
    after(() => bundle.remove());
    const shell = new Shell(dirname(bundle.entry), cluster.server.kubeconfig(), { COLUMNS: '100' });
    const run = async (line: string): Promise<string> => {
      const { stdout, stderr, code } = await shell.run(line);
      assert.equal(code, 0, `${line}: ${stderr}`);
      return stdout;
    };
    try {
      start();
      await cluster.namespace('shop');
      shell.write('pools.yaml', configMap);
      assert.match(await run('kubectl vip check -f pools.yaml'), /2 pools: 0 errors/);
      await run('kubectl apply -f pools.yaml');
      const create = async (name: string, more = ''): Promise<void> => {
        await run(
          `kubectl create service loadbalancer ${name} --tcp=80 -n shop --dry-run=client -o yaml ${more}| kubectl apply -f -`,
        );
      };
      const label = '| kubectl label --local -f - tier=edge -o yaml ';
      const names = (pools: string): string =>
        `| kubectl annotate --local -f - kube-vip.io/pool=${pools} -o yaml `;
      await create('api');
      await cluster.becomes('shop/api', assigned('10.0.0.21', 'pool.internal'));
      await create('edge', label);
      await cluster.becomes('shop/edge', assigned('203.0.113.17', 'pool.dmz', { interface: 'eth1' }));
      await create('both', names('internal,dmz'));
      await cluster.becomes('shop/both', assigned('10.0.0.22,203.0.113.18', 'pool.internal'));
      await create('web');
      await cluster.becomes('shop/web', assigned('203.0.113.20', 'reserve-shop', { interface: 'eth1' }));
      assert.equal(
        await run(
          "kubectl get service edge -n shop -o jsonpath='{.metadata.annotations.kube-vip\\.io/serviceVLAN}'",
        ),
        '120',
      );
      await create('sixth', names('dmz'));
      await cluster.warns('shop/sixth', /hold 5 of 5 addresses \(quota-shop\)/);
      assert.deepEqual(await cluster.assignment('shop/sixth'), unassigned);
      // Another namespace cannot use the dmz.
      await cluster.create(loadBalancer('default/other', { annotations: { 'kube-vip.io/pool': 'dmz' } }));
      await cluster.warns(
        'default/other',
        /names dmz, but Services in namespace default can use internal \(pools-global\)/,
      );

      await eventually(async () => {
        const why = await run('kubectl vip explain edge -n shop');
        assert.match(why, /^ok +pool +dmz: the labels of the Service match select[.]dmz$/m);
        assert.match(why, /^- +pool +not internal: the labels match the selector of dmz/m);
      });
      const which = await run('kubectl vip who 10.0.0.1-10.0.0.20 203.0.113.20 203.0.113.19');
      assert.match(which, /^10[.]0[.]0[.]1-10[.]0[.]0[.]20 +excluded by exclude[.]internal/m);
      assert.match(which, /^203[.]0[.]113[.]20 +assigned +shop\/web +reserve-shop/m);
      const left = await run('kubectl vip pools -n shop');
      assert.match(left, /^shop +quota-shop +5 +5 +0 +█+ +1$/m);
      assert.match(left, /for shop, all others without a list of their own; 20 excluded/);

      // The remedy works as it is printed.
      const { items } = {
        items: await shell.json<{ remedies: { command?: string }[] }>('explain sixth -n shop'),
      };
      const [remedy] = items.remedies;
      assert.match(remedy?.command ?? '', /"quota-shop":"6"/);
      await run(remedy?.command ?? '');
      await cluster.becomes('shop/sixth', assigned('203.0.113.19', 'pool.dmz', { interface: 'eth1' }));
      await run('kubectl delete service web -n shop');
      await eventually(async () => {
        assert.match(await run('kubectl vip who 203.0.113.20'), /reserved for shop\/web \(reserve-shop\)/);
      });
      assert.match(await run('kubectl vip audit'), /no findings/);
    } finally {
      shell.close();
    }
  },
);
