/**
 * docs/questions, followed: each page on a cluster with examples/waiting.yaml, command after command; what a page shows
 * is what was printed. `UPDATE_DOCS=true` writes it there instead.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { sharedBundle } from './bundle.ts';
import { eventually, quietTime } from './eventually.ts';
import { Shell } from './kubectl-vip.ts';
import { assigned } from './objects.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('questions');
const folder = join(import.meta.dirname, '../../docs/questions');
const isUpdate = process.env.UPDATE_DOCS === 'true';

/** What differs from run to run, as the pages show it. */
function steady(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '2026-11-25T10:00:00Z')
    .replaceAll(
      /led by \S+, which renewed\s+its\s+Lease\s+\d+\s+s\s+ago/g,
      'led by node-1_4c1e, which renewed its Lease 1 s ago',
    );
}

/** What a command printed, its errors last, as a terminal shows it. */
async function printed(shell: Shell, command: string): Promise<string> {
  const { stdout, stderr } = await shell.run(command);
  return steady(stdout + stderr).trimEnd();
}

const pages = readdirSync(folder).filter((name) => name !== 'README.md');

for (const name of pages) {
  scenario(`docs/questions/${name} shows what is printed`, async ({ cluster, start }) => {
    const bundle = await sharedBundle();
    after(() => bundle.remove());
    const shell = new Shell(dirname(bundle.entry), cluster.server.kubeconfig(), { COLUMNS: '100' });
    const file = join(folder, name);
    let page = readFileSync(file, 'utf8');
    try {
      start();
      for (const namespace of ['edge', 'lab', 'shop', 'team']) await cluster.namespace(namespace);
      await shell.run('kubectl apply -f examples/waiting.yaml');
      await cluster.becomes('team/web', assigned('192.168.0.30', 'range-team'));
      await cluster.becomes('team/holder', assigned('192.168.0.20', 'static'));
      // A page that shows a file begins with it.
      const [, manifest] = /^```yaml\n(apiVersion[\s\S]*?)^```$/m.exec(page) ?? [];
      if (manifest !== undefined) shell.write('new.yaml', manifest);
      const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
      assert.ok(blocks.length > 0, `${name} has commands`);
      for (const block of blocks) {
        const shown: string[] = [];
        for (const part of block.split(/^(?=\$ )/m)) {
          const [line = '', ...expected] = part.trimEnd().split('\n');
          const command = line.replace(/^\$ /, '');
          if (isUpdate) {
            await quietTime(500);
            shown.push([line, await printed(shell, command)].filter((text) => text !== '').join('\n'));
          } else if (!command.startsWith('kubectl vip')) {
            assert.equal(await printed(shell, command), expected.join('\n'), command);
          } else {
            await eventually(async () => {
              assert.equal(await printed(shell, command), expected.join('\n'), command);
            });
          }
        }
        if (isUpdate)
          page = page.replace(`\`\`\`console\n${block}`, () => `\`\`\`console\n${shown.join('\n')}\n`);
      }
      if (isUpdate) writeFileSync(file, page);
    } finally {
      shell.close();
    }
  });
}
