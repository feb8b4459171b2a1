/** What the controller and the plugin do on releases of Kubernetes that lack something. `npm run skew` runs it on several. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after } from 'node:test';
import { locateBinaries } from '../controlplane/binaries.ts';
import { apiServerVersion } from '../controlplane/versions.ts';
import { sharedBundle } from './bundle.ts';
import type { Cluster } from './cluster.ts';
import { Shell, type ShellResult } from './kubectl-vip.ts';
import { assigned, loadBalancer, unassigned } from './objects.ts';
import { grant, permissionsWithClaims } from './roles.ts';
import { scenarios } from './scenario.ts';

const user = 'claiming';
const scenario = scenarios('versions', [{ name: user }]);
const { folder, missing } = locateBinaries(process.env);
const minor = missing.length > 0 ? Number.POSITIVE_INFINITY : apiServerVersion(folder).minor;

/** Runs `kubectl vip check`. */
async function check(cluster: Cluster): Promise<ShellResult> {
  const bundle = await sharedBundle();
  after(() => bundle.remove());
  const shell = new Shell(dirname(bundle.entry), cluster.server.kubeconfig());
  try {
    return await shell.run('kubectl vip check');
  } finally {
    shell.close();
  }
}

const pool = { 'range-default': '10.1.0.1-10.1.0.9' };

scenario(
  'Services of type LoadBalancer are served, released and known, whatever the API server can select',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    const controller = start();
    await cluster.create(loadBalancer('default/a'));
    await cluster.create({
      ...loadBalancer('default/other'),
      spec: { type: 'ClusterIP', ports: [{ port: 80 }], externalIPs: ['10.1.0.2'] },
    });
    await cluster.becomes('default/a', assigned('10.1.0.1', 'range-default'));
    await cluster.create(loadBalancer('default/b'));
    await cluster.becomes('default/b', assigned('10.1.0.3', 'range-default'));
    await cluster.patch('default/a', { spec: { type: 'ClusterIP' } });
    await cluster.becomes('default/a', unassigned);
    await cluster.create(loadBalancer('default/c'));
    await cluster.becomes('default/c', assigned('10.1.0.1', 'range-default'));
    const isSaid = controller.log.some(({ msg }) => /does not support this field selector/.test(msg));
    assert.equal(isSaid, minor < 31);
    const { stderr, code } = await check(cluster);
    assert.deepEqual([/cannot select Services by type/.test(stderr), code], [isSaid, 0]);
  },
);

if (minor < 33)
  scenario('--claims without IPAddress objects gives nothing, and says so', async ({ cluster, start }) => {
    await grant(cluster, user, permissionsWithClaims());
    await cluster.pools(pool);
    const controller = start({ user, flags: ['--claims'] });
    await cluster.create(loadBalancer('default/a'));
    await controller.logs(/^--claims needs Kubernetes 1\.33 or newer/);
    const args = [{ op: 'add', path: '/spec/template/spec/containers/0/args', value: ['--claims'] }];
    const deployment = ['deployment', 'kube-vip-cloud-provider', '--namespace=kube-system'];
    await cluster.kubectl(['patch', ...deployment, '--type=json', `--patch=${JSON.stringify(args)}`]);
    const { stdout, code } = await check(cluster);
    assert.match(stdout, /^error: The controller runs with --claims, which needs Kubernetes 1\.33/m);
    assert.equal(code, 1);
    assert.deepEqual(await cluster.assignment('default/a'), unassigned);
  });

/** The minor version of Kubernetes whose CEL library has what the policy uses. */
const policies = { pools: 33, addresses: 31, marks: 30, hostnames: 31 } as const;

scenario(
  'each admission policy is accepted since the release that docs/admission.md names',
  async ({ cluster }) => {
    const accepted: Record<string, boolean> = {};
    for (const name of Object.keys(policies)) {
      const apply = cluster.kubectl(['apply', '--dry-run=server', '-f', `deploy/admission/${name}.yaml`]);
      accepted[name] = await apply.then(
        () => true,
        (error: Error) => {
          assert.match(error.message, /ValidatingAdmissionPolicy "[a-z-]+" is invalid/);
          return false;
        },
      );
    }
    const expected = Object.entries(policies).map(([name, since]) => [name, minor >= since]);
    assert.deepEqual(accepted, Object.fromEntries(expected));
  },
);
