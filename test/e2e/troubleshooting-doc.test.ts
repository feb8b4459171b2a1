/** Runs the commands of docs/troubleshooting.md with one assigned and one pending Service, and checks its messages. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { firstCells, root, sectionsOf } from '../docs/document.ts';
import { followSection } from './follow-document.ts';
import { Shell } from './guide.ts';
import { assigned, loadBalancer } from './objects.ts';
import { scenarios } from './scenario.ts';

const path = 'docs/troubleshooting.md';
const scenario = scenarios('troubleshooting-doc');

/** Without a kubelet, there are no logs. */
const needsKubelet = /^kubectl logs /;

scenario(`${path}: each command has the documented output`, async ({ cluster, start }) => {
  await cluster.pools({ 'range-global': '10.0.0.1' });
  const controllers = [start()];
  await cluster.create(loadBalancer('default/web'));
  await cluster.becomes('default/web', assigned('10.0.0.1', 'range-global'));
  await cluster.create(loadBalancer('default/late'));
  const shell = new Shell(cluster);
  try {
    const parts = sectionsOf(path)
      .flatMap((section) => section.parts)
      .map((part) => {
        if (part.kind !== 'block') return part;
        const lines = part.text.split('\n').filter((line) => !needsKubelet.test(line));
        return { ...part, text: lines.join('\n') };
      });
    await followSection({ title: 'all of it', parts }, { cluster, shell, controllers });
  } finally {
    shell.close();
  }
});

test(`${path}: each message is one of the program`, () => {
  // Fragments of template literals and strings.
  const texts = globSync(
    ['src/core/explain/*.ts', 'src/controller/reporter.ts', 'src/controller/field-managers.ts'],
    { cwd: root },
  )
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  const fragments = firstCells(path, 'sentence').flatMap((sentence) => sentence.split('…'));
  const quoted = fragments.map((fragment) => fragment.trim()).filter((fragment) => fragment !== '');
  assert.ok(quoted.length > 20);
  assert.deepEqual(
    quoted.filter((fragment) => !texts.toLowerCase().includes(fragment.toLowerCase())),
    [],
  );
});
