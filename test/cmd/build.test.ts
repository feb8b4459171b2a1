import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BuildPlan, buildDistribution } from '../../scripts/build.ts';

/** A minimal project with its own package, so that the test does not depend on this project. */
function project(main: string): BuildPlan {
  const root = mkdtempSync(join(tmpdir(), 'build-'));
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('node_modules/old/package.json', '{"name": "old", "version": "1.2.3", "license": "MIT"}');
  write('node_modules/old/LICENSE', 'Do what you like.\n');
  write('node_modules/old/index.js', 'module.exports = () => "old" + require("os").EOL;\n');
  write('src/outside.ts', `import old from 'old';\nexport const text: string = old();\n`);
  write('src/main.ts', main);
  write('out/left-over.js', 'old');
  return { root, entry: 'src/main.ts', name: 'controller', outdir: join(root, 'out'), version: '9.8.7' };
}

test('the entry is one self-contained file, and a dynamically imported module is a separate file', async () => {
  const plan =
    project(`import { version } from ${JSON.stringify(join(import.meta.dirname, '../../src/cmd/flags/version.ts'))};
import { EOL } from 'node:os';
const outside = process.argv.includes('--outside') ? (await import('./outside.ts')).text : 'inside' + EOL;
process.stdout.write(version + ' ' + outside);
`);
  try {
    const { files } = await buildDistribution(plan);
    assert.deepEqual(
      files.map(({ name }) => name),
      ['controller.js', 'outside.js', 'package.json', 'LICENSES'],
    );
    assert.deepEqual(readdirSync(plan.outdir).sort(), [
      'LICENSES',
      'controller.js',
      'outside.js',
      'package.json',
    ]);
    const entry = join(plan.outdir, 'controller.js');
    const run = (...args: string[]): string =>
      spawnSync(process.execPath, [entry, ...args], { encoding: 'utf8' }).stdout;
    assert.equal(run('--outside'), '9.8.7 old\n');
    assert.doesNotMatch(readFileSync(entry, 'utf8'), /old/);
    assert.match(
      readFileSync(join(plan.outdir, 'LICENSES'), 'utf8'),
      /old 1\.2\.3 \(MIT\)\n\nDo what you like\./,
    );
    assert.match(
      readFileSync(join(plan.outdir, 'package.json'), 'utf8'),
      /"version": "9\.8\.7",\n {2}"type": "module"/,
    );
    rmSync(join(plan.outdir, 'outside.js'));
    assert.equal(run(), '9.8.7 inside\n');
  } finally {
    rmSync(plan.root, { recursive: true });
  }
});

test('a build that requires a package at run time fails and keeps the previous output', async () => {
  const plan = project(`const name = 'x';\nimport('left-outside').catch(() => name);\n`);
  try {
    await assert.rejects(buildDistribution({ ...plan, external: ['left-outside'] }), {
      message: 'build: controller.js requires left-outside, which is not part of Node. Bundle it.',
    });
    assert.deepEqual(readdirSync(plan.outdir), ['left-over.js']);
  } finally {
    rmSync(plan.root, { recursive: true });
  }
});
