/** docs/troubleshooting.md: its commands, run where one Service is served and another one waits, and its sentences. */
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

/** There is no kubelet, so nobody has a log to show. */
const ofKubelets = /^kubectl logs /;

scenario(`${path}: each command shows what it is there for`, async ({ cluster, start }) => {
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
        const lines = part.text.split('\n').filter((line) => !ofKubelets.test(line));
        return { ...part, text: lines.join('\n') };
      });
    await followSection({ title: 'all of it', parts }, { cluster, shell, controllers });
  } finally {
    shell.close();
  }
});

test(`${path}: each sentence is one that the program says`, () => {
  // What stands in a template between two values, or between quotes.
  const texts = globSync(['src/core/explain/*.ts', 'src/controller/reporter.ts'], { cwd: root })
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  const fragments = firstCells(path, 'sentence').flatMap((sentence) => sentence.split('…'));
  const said = fragments.map((fragment) => fragment.trim()).filter((fragment) => fragment !== '');
  assert.ok(said.length > 20);
  assert.deepEqual(
    said.filter((fragment) => !texts.toLowerCase().includes(fragment.toLowerCase())),
    [],
  );
});
