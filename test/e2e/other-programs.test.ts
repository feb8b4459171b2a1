/** What other programs write on Services, on a real API server: their statuses, their annotations, and what they remove. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after } from 'node:test';
import { sharedBundle } from './bundle.ts';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { Shell } from './kubectl-vip.ts';
import { assigned, loadBalancer } from './objects.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('other-programs');

interface Audit {
  findings: { code: string; subject: string; message: string }[];
}

interface Explained {
  checks: { name: string; outcome: string; finding: string }[];
  remedies: { command?: string }[];
}

async function shellOn(cluster: Cluster): Promise<Shell> {
  const bundle = await sharedBundle();
  after(() => bundle.remove());
  return new Shell(dirname(bundle.entry), cluster.server.kubeconfig());
}

/** Writes the status as the given program does. */
async function announce(cluster: Cluster, name: string, manager: string, ip: string): Promise<void> {
  const patch = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip }] } } });
  const options = ['--subresource=status', '--type=merge', `--field-manager=${manager}`];
  await cluster.kubectl(['patch', 'service', name, ...options, '--patch', patch]);
}

scenario(
  'a status of another load balancer is reported with its field manager and its node, by an event, explain and audit',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
    start();
    for (const [name, address] of [
      ['foreign', '10.1.0.1'],
      ['moved', '10.1.0.2'],
      ['fine', '10.1.0.3'],
    ] as const) {
      await cluster.create(loadBalancer(`default/${name}`));
      await cluster.becomes(`default/${name}`, assigned(address, 'range-default'));
    }
    const node = await cluster.client.post('/api/v1/nodes', { metadata: { name: 'n1' } });
    assert.equal(node.status, 201);
    const addresses = [{ type: 'InternalIP', address: '192.168.1.11' }];
    const nodeStatus = JSON.stringify({ status: { addresses } });
    await cluster.kubectl(['patch', 'node', 'n1', '--subresource=status', '--type=merge', '-p', nodeStatus]);
    const shell = await shellOn(cluster);
    try {
      await announce(cluster, 'foreign', 'k3s', '192.168.1.11');
      await announce(cluster, 'fine', 'kube-vip', '10.1.0.3');
      // kube-vip has not replaced the address from before a move.
      await announce(cluster, 'moved', 'kube-vip', '10.1.0.9');
      const sentence =
        'The status shows 192.168.1.11, the address of node n1, instead of 10.1.0.1: another load balancer (k3s ServiceLB?) is writing it, with the field manager "k3s".';
      const audit = await shell.json<Audit>('audit');
      assert.deepEqual(audit.findings, [
        { code: 'foreign-status', subject: 'default/foreign', message: sentence },
      ]);
      const checkOf = async (name: string): Promise<unknown> =>
        (await shell.json<Explained>(`explain service/${name}`)).checks.at(-1);
      assert.deepEqual(await checkOf('foreign'), {
        name: 'announcement',
        outcome: 'failed',
        finding: sentence,
      });
      assert.deepEqual(await checkOf('fine'), {
        name: 'announcement',
        outcome: 'passed',
        finding: 'the status shows what was assigned',
      });
      assert.deepEqual(await checkOf('moved'), {
        name: 'announcement',
        outcome: 'noted',
        finding: '10.1.0.2 is not announced yet. The status still shows 10.1.0.9, written by kube-vip.',
      });
      const reported = async (name: string): Promise<string[]> =>
        (await cluster.events(`default/${name}`))
          .filter(({ reason }) => reason === 'ForeignLoadBalancerStatus')
          .map(({ type, message }) => `${type} ${message}`);
      await eventually(async () => {
        const events = await reported('foreign');
        assert.equal(events.length, 1);
        assert.match(
          events[0] ?? '',
          /^Warning The status shows 192\.168\.1\.11.* instead of 10\.1\.0\.1: another load balancer .*, with the field manager "k3s"\. Disable /,
        );
      });
      assert.deepEqual(await reported('moved'), []);
      assert.deepEqual(await reported('fine'), []);
    } finally {
      shell.close();
      await cluster.client.delete('/api/v1/nodes/n1');
    }
  },
);

scenario(
  'a misspelled annotation and one of another load balancer have an event, and explain and audit show them',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
    start();
    const annotations = {
      'kube-vip.io/loadBalancerIPs': '10.1.0.7',
      'lbipam.cilium.io/ips': '10.1.0.7',
      'kube-vip.io/leaseName': 'shared',
    };
    await cluster.create(loadBalancer('default/web', { annotations }));
    await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
    const reads = 'neither this controller nor kube-vip reads an annotation of this name.';
    const sentences = [
      `Annotation kube-vip.io/loadBalancerIPs: ${reads} Write kube-vip.io/loadbalancerIPs.`,
      `Annotation lbipam.cilium.io/ips: ${reads} It belongs to Cilium. To request an address, write kube-vip.io/loadbalancerIPs.`,
    ];
    await eventually(async () => {
      const events = await cluster.events('default/web');
      assert.deepEqual(
        events
          .filter(({ reason }) => reason.endsWith('Annotation'))
          .map(({ type, message }) => [type, message]),
        [
          ['Warning', sentences[0]],
          ['Normal', sentences[1]],
        ],
      );
    });
    const shell = await shellOn(cluster);
    try {
      const { findings } = await shell.json<Audit>('audit');
      assert.deepEqual(
        findings.map(({ message }) => message),
        sentences,
      );
      const { checks, remedies } = await shell.json<Explained>('explain service/web');
      const found = checks.filter(({ name }) => name === 'annotations');
      assert.deepEqual(
        found.map(({ outcome, finding }) => [outcome, finding]),
        [
          ['failed', sentences[0]],
          ['noted', sentences[1]],
        ],
      );
      // The remedy gives the Service the address that was meant.
      const { code, stderr } = await shell.run(remedies[0]?.command ?? 'false');
      assert.equal(code, 0, stderr);
      await cluster.becomes('default/web', assigned('10.1.0.7', 'static'));
    } finally {
      shell.close();
    }
  },
);

scenario(
  'a client that removes the annotation again and again is not named: a removal leaves no trace',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
    start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
    const undone = async (): Promise<string[]> =>
      (await cluster.events('default/web'))
        .filter(({ reason }) => reason === 'LoadBalancerFieldsUndone')
        .map(({ message }) => message);
    await eventually(async () => {
      const { addresses } = await cluster.assignment('default/web');
      // As kube-vip does after each change.
      const host = `kube-vip.io/vipHost=${performance.now()}`;
      const options = ['--overwrite', '--field-manager=kube-vip'];
      if (addresses !== null) {
        await cluster.kubectl(['annotate', 'service', 'web', 'kube-vip.io/loadbalancerIPs-']);
        await cluster.kubectl(['annotate', 'service', 'web', host, ...options]);
      }
      assert.ok((await undone()).length > 0);
    });
    const [message = ''] = await undone();
    assert.equal(
      message.replace(/ The next attempt is at \S+Z\.$/, ''),
      'Another client keeps removing kube-vip.io/loadbalancerIPs. A removal leaves no trace in managedFields: the audit log of the API server names the client. Configure it to ignore this field. The controller keeps restoring it with back-off.',
    );
  },
);

scenario(
  'a client that writes another value again and again is named, although kube-vip wrote last',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
    start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
    await eventually(async () => {
      const { label } = await cluster.assignment('default/web');
      if (label === 'kube-vip') {
        const own = ['--overwrite', '--field-manager=labeler'];
        await cluster.kubectl(['label', 'service', 'web', 'implementation=other', ...own]);
        const host = `kube-vip.io/vipHost=${performance.now()}`;
        const options = ['--overwrite', '--field-manager=kube-vip'];
        await cluster.kubectl(['annotate', 'service', 'web', host, ...options]);
      }
      const events = await cluster.events('default/web');
      const message = events.find(({ reason }) => reason === 'LoadBalancerFieldsUndone')?.message ?? '';
      assert.match(message, /^The field manager "labeler" keeps reverting the label implementation\./);
    });
  },
);
