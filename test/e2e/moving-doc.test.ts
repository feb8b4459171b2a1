/** Follows docs/moving.md from top to bottom, with every command. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { sectionsOf } from '../docs/document.ts';
import { Announcer } from './announcer.ts';
import { sharedBundle } from './bundle.ts';
import { followSection } from './follow-document.ts';
import { Shell } from './kubectl-vip.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('moving-doc');
const path = 'docs/moving.md';
/** What test/kube-vip/moving.test.ts follows. */
const withKubeVip = 'What an outage lasts';

scenario(`${path}: one /24 is replaced by another, and back`, async ({ cluster, start }) => {
  const controllers = [start()];
  const bundle = await sharedBundle();
  const plugin = new Shell(dirname(bundle.entry), cluster.server.kubeconfig());
  const run = async (commands: string): Promise<string> => {
    const { code, stdout, stderr } = await plugin.run(`set -eu\n${commands}`);
    assert.equal(code, 0, `${commands}: ${stdout}${stderr}`);
    return stdout;
  };
  try {
    await Announcer.during(cluster, async (announcer) => {
      const sections = sectionsOf(path).filter(({ title }) => title !== withKubeVip);
      const parts = sections.flatMap((section) => section.parts);
      await followSection({ title: path, parts }, { cluster, shell: { run }, controllers });
      // There and back, and nowhere else.
      assert.deepEqual(announcer.addresses.get('default/web'), ['10.0.0.3', '10.9.0.3', '10.0.0.3']);
    });
  } finally {
    plugin.close();
    bundle.remove();
  }
});
