/**
 * Runs the commands of each page in docs/questions, in order, on a cluster with examples/waiting.yaml, and compares their
 * output with the page. With `UPDATE_DOCS=true`, writes the output to the page instead.
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

/** Replaces what differs between runs by fixed values. */
function normalized(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '2026-11-25T10:00:00Z')
    .replaceAll(/Read \d+ lines/g, 'Read 42 lines')
    .replaceAll(
      /Leader: \S+ \(Lease\s+renewed\s+\d+\s+s\s+ago\)/g,
      'Leader: node-1_4c1e (Lease renewed 1 s ago)',
    );
}

/** The output of a command, then its errors. No kubelet serves the log, so the command finds it in a file. */
async function outputOf(shell: Shell, command: string, log: string): Promise<string> {
  shell.write('controller.log', log);
  const { stdout, stderr } = await shell.run(command);
  return normalized(stdout + stderr).trimEnd();
}

const pages = readdirSync(folder).filter((name) => name !== 'README.md');

for (const name of pages) {
  scenario(`docs/questions/${name} shows the actual output`, async ({ cluster, start }) => {
    const bundle = await sharedBundle();
    after(() => bundle.remove());
    const shell = new Shell(dirname(bundle.entry), cluster.server.kubeconfig(), { COLUMNS: '100' });
    const file = join(folder, name);
    let page = readFileSync(file, 'utf8');
    try {
      const controller = start();
      for (const namespace of ['edge', 'lab', 'shop', 'team']) await cluster.namespace(namespace);
      await shell.run('kubectl apply -f examples/waiting.yaml');
      await cluster.becomes('team/web', assigned('192.168.0.30', 'range-team'));
      await cluster.becomes('team/holder', assigned('192.168.0.20', 'static'));
      // The first block of YAML, if it is an object, is the file that the commands read.
      const [, manifest] = /^```yaml\n(apiVersion[\s\S]*?)^```$/m.exec(page) ?? [];
      if (manifest !== undefined) shell.write('new.yaml', manifest);
      const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
      assert.ok(blocks.length > 0, `${name} has commands`);
      for (const block of blocks) {
        const updated: string[] = [];
        for (const part of block.split(/^(?=\$ )/m)) {
          const [line = '', ...expected] = part.trimEnd().split('\n');
          const command = line.replace(/^\$ /, '');
          if (isUpdate) {
            await quietTime(500);
            updated.push(
              [line, await outputOf(shell, command, controller.output)]
                .filter((text) => text !== '')
                .join('\n'),
            );
          } else if (!command.startsWith('kubectl vip')) {
            assert.equal(await outputOf(shell, command, controller.output), expected.join('\n'), command);
          } else {
            await eventually(async () => {
              assert.equal(await outputOf(shell, command, controller.output), expected.join('\n'), command);
            });
          }
        }
        if (isUpdate)
          page = page.replace(`\`\`\`console\n${block}`, () => `\`\`\`console\n${updated.join('\n')}\n`);
      }
      if (isUpdate) writeFileSync(file, page);
    } finally {
      shell.close();
    }
  });
}
