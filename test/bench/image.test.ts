import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { imageCommand } from '../../bench/cluster/image.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';

const folder = temporaryFolder('kvcp-bench-image-');
after(() => folder.remove());

const dockerfile = 'FROM node AS build\nENV A=build\nFROM distroless\nENV NODE_OPTIONS="--one --two" B=c\n';
const entrypoint = 'ENTRYPOINT ["/kube-vip-cloud-provider"]\n';
const launcher = "#!/nodejs/bin/node --some-flag\nimport('/app/kube-vip-cloud-provider.js');\n";

let trees = 0;

/** A checkout that contains only these files. */
function tree(files: { dockerfile: string; launcher: string }): string {
  trees += 1;
  const root = join(folder.path, String(trees));
  mkdirSync(join(root, 'deploy', 'image'), { recursive: true });
  writeFileSync(join(root, 'Dockerfile'), files.dockerfile);
  writeFileSync(join(root, 'deploy', 'image', 'kube-vip-cloud-provider'), files.launcher);
  return root;
}

test('the benchmark runs what the image runs: its launcher, its flags, its environment', () => {
  const root = tree({ dockerfile: dockerfile + entrypoint, launcher });
  const { args, env } = imageCommand(root, '/elsewhere', root);
  assert.deepEqual(args, ['--some-flag', join(root, 'kube-vip-cloud-provider')]);
  assert.deepEqual(env, { NODE_OPTIONS: '--one --two', B: 'c' });
  assert.match(readFileSync(args[1] ?? '', 'utf8'), /import\('\/elsewhere\/kube-vip-cloud-provider\.js'\)/);
});

test('an image that starts differently is an error', () => {
  const other = tree({ dockerfile: `${dockerfile}ENTRYPOINT ["/usr/bin/bun"]\n`, launcher });
  assert.throws(() => imageCommand(other, '/elsewhere', other), /the image starts with/);
  const script = tree({ dockerfile: dockerfile + entrypoint, launcher: '#!/bin/sh\nexec node /app/x.js\n' });
  assert.throws(() => imageCommand(script, '/elsewhere', script), /unknown launcher in the image/);
});

test('the benchmark knows the image of this checkout', () => {
  const root = resolve(import.meta.dirname, '../..');
  assert.equal(imageCommand(root, '/elsewhere', folder.path).args.length > 0, true);
});
