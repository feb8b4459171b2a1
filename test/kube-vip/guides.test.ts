/**
 * Follows a guide in docs/guides from the installation of kube-vip to an answer from the announced address, with a real kube-vip that
 * has the environment and the permissions of deploy/kube-vip. test/docs/guides.test.ts shows that the other guides have the same steps.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { locateBinaries } from '../controlplane/binaries.ts';
import { type Section, sectionsOf } from '../docs/document.ts';
import { followedSteps } from '../docs/guide-steps.ts';
import { Cluster } from '../e2e/cluster.ts';
import { eventually } from '../e2e/eventually.ts';
import { followSection } from '../e2e/follow-document.ts';
import { withRunningDeployment } from '../e2e/running-deployment.ts';
import { KubeVipDaemonSet } from './daemon-set.ts';
import { createEndpoints } from './endpoints.ts';
import { Lan, lanInterface, type Machine, startWebServer } from './lan.ts';
import { generateManifest, kubeVipManifest } from './manifest.ts';
import { requirements } from './requirements.ts';

const { skip, denied } = requirements();
const options = skip === undefined ? {} : { skip };

test('deploy/kube-vip has what kube-vip generates', options, () => {
  assert.equal(readFileSync(kubeVipManifest, 'utf8'), generateManifest());
});

/** A node whose default route leads through the local network, which also has the addresses of the guides. */
async function joinNode(lan: Lan, cluster: Cluster): Promise<Machine> {
  const machine = await lan.join('node-a');
  await machine.namespace.run('ip', 'route', 'add', 'default', 'via', '192.168.77.1', 'dev', lanInterface);
  await lan.switch.run('ip', 'addr', 'add', '192.168.0.1/24', 'dev', 'br0');
  const made = await cluster.client.post('/api/v1/nodes', { metadata: { name: machine.name } });
  assert.equal(made.status, 201, made.body.message ?? '');
  return machine;
}

/** The text of the only block in a section. */
function only(section: Section | undefined): string {
  const [block, ...others] = section?.parts ?? [];
  assert.ok(block?.kind === 'block' && others.length === 0);
  return block.text;
}

const path = 'docs/guides/kubeadm.md';

test(`${path}: from a cluster without a load balancer to an answer from the address`, options, async () => {
  if (denied !== undefined) throw new Error(denied);
  const cluster = await Cluster.start(locateBinaries(process.env).folder, { prefix: 'guides' });
  const lan = await Lan.create();
  try {
    const machine = await joinNode(lan, cluster);
    const server = startWebServer(machine, 80);
    const kubeVip = new KubeVipDaemonSet(cluster, [machine]);
    try {
      await withRunningDeployment(cluster, async (shell) => {
        const answers: string[] = [];
        const run = async (commands: string): Promise<string> => {
          const [, url] = /^curl (\S+)\n$/.exec(commands) ?? [];
          if (url === undefined) return shell.run(commands);
          answers.push(await eventually(() => lan.fetch(url)));
          return '';
        };
        const endpoints = eventually(() => cluster.service('default/web')).then((service) =>
          createEndpoints(cluster, service, [machine]),
        );
        const steps = followedSteps(path);
        const parts = sectionsOf(path).flatMap((section) =>
          steps.includes(section.title) ? section.parts : [],
        );
        await followSection({ title: path, parts }, { cluster, shell: { run }, controllers: [] });
        await endpoints;
        assert.deepEqual(answers, ['node-a:80']);
        assert.doesNotMatch(kubeVip.output, /forbidden/);
        await shell.run(only(sectionsOf('docs/guides/README.md').find(({ title }) => title === 'Clean up')));
        await eventually(async () => {
          const addresses = await machine.namespace.run('ip', 'addr', 'show', 'dev', lanInterface);
          assert.doesNotMatch(addresses, /192\.168\.0\.201/);
        });
        assert.equal(await cluster.kubectl(['get', 'daemonset,deployment', '-A', '-o', 'name']), '');
      });
    } catch (error) {
      throw new Error(`${String(error)}\n--- output of kube-vip\n${kubeVip.output}`, { cause: error });
    } finally {
      await kubeVip.close();
      await server.stop('KILL');
    }
  } finally {
    await lan.close();
    await cluster.stop();
  }
});
