/** The commands of docs/moving.md for a kube-vip that announces a changed address only after a restart. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { sectionsOf } from '../docs/document.ts';
import { sharedBundle } from '../e2e/bundle.ts';
import { Shell } from '../e2e/kubectl-vip.ts';
import { onSite } from './on-site.ts';

const test = onSite({ prefix: 'moving', nodes: ['node-a'] });

const section = sectionsOf('docs/moving.md').find(({ title }) => title === 'What an outage lasts');
const [drain = '', restart = ''] =
  section?.parts.flatMap((part) => (part.kind === 'block' ? part.text.trim().split('\n') : [])) ?? [];

test('a drain that does not wait for announcements, and a restart of kube-vip: all Services are announced at their new addresses', async ({
  site,
}) => {
  assert.match(restart, /^kubectl rollout restart .* daemonset kube-vip-ds$/);
  const bundle = await sharedBundle();
  const shell = new Shell(dirname(bundle.entry), site.cluster.server.kubeconfig());
  try {
    await site.cluster.pools({ 'cidr-default': '192.168.77.96/29, 192.168.77.112/29' });
    const names = ['a', 'b', 'c'];
    for (const name of names) await site.create(`default/${name}`);
    for (const [i, name] of names.entries()) await site.announces(`default/${name}`, `192.168.77.${97 + i}`);
    const { code, stdout, stderr } = await shell.run(drain.replace('10.0.0.0/24', '192.168.77.96/29'));
    assert.equal(code, 0, stdout + stderr);
    // kube-vip v1.2.2 takes the former address down with the change.
    await site.withdraws('192.168.77.97', '192.168.77.98', '192.168.77.99');
    await site.restartKubeVip('TERM');
    for (const [i, name] of names.entries()) await site.announces(`default/${name}`, `192.168.77.${113 + i}`);
  } finally {
    shell.close();
    bundle.remove();
  }
});
