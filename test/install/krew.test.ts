import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { packForKrew } from '../../scripts/krew.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { sharedBundle } from '../e2e/bundle.ts';

const root = resolve(import.meta.dirname, '../..');
const [krew, controlplane] = (['krew', 'controlplane'] as const).map((name) =>
  locateBinaries(process.env, name),
);
const missing = [...(krew?.missing ?? []), ...(controlplane?.missing ?? [])];
const given =
  missing.length > 0 ? { skip: `needs ${missing.join(', ')}: \`npm run controlplane\` builds them` } : {};

test('krew accepts the manifest and installs the archive, and kubectl finds the plugin', given, async () => {
  const home = temporaryFolder('kvcp-krew-');
  const bundle = await sharedBundle();
  try {
    const outdir = join(home.path, 'dist');
    cpSync(dirname(bundle.entry), outdir, { recursive: true });
    const { archive, manifest } = packForKrew(root, outdir, '1.2.3');
    const again = readFileSync(archive);
    packForKrew(root, outdir, '1.2.3');
    assert.deepEqual(readFileSync(archive), again, 'the same files give the same archive');
    symlinkSync(process.execPath, join(home.path, 'node'));
    const krewBin = join(home.path, '.krew', 'bin');
    const folders = [
      home.path,
      krewBin,
      krew?.folder ?? '',
      controlplane?.folder ?? '',
      process.env.PATH ?? '',
    ];
    const env = { HOME: home.path, PATH: folders.join(delimiter) };
    const run = (program: string, ...args: string[]): Promise<string> => {
      const { promise, resolve: fulfil, reject } = Promise.withResolvers<string>();
      execFile(program, args, { env, cwd: home.path }, (error, stdout, stderr) => {
        if (error === null) fulfil(stdout + stderr);
        else reject(new Error(`${program}: ${stdout}${stderr}`));
      });
      return promise;
    };
    await run(join(krew?.folder ?? '', 'validate-krew-manifest'), '-manifest', manifest, '-skip-install');
    await run(join(krew?.folder ?? '', 'krew'), 'install', `--manifest=${manifest}`, `--archive=${archive}`);
    const answer = await run('kubectl', 'vip', 'version');
    assert.match(answer, /^kubectl-vip 0\.0\.0-e2e \(Node v\d+/);
    assert.equal(answer.split('\n').length, 2, 'nothing else is printed');
  } finally {
    bundle.remove();
    home.remove();
  }
});
