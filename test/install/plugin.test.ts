/** Tests what `npm run plugin` builds: as krew installs it, and on a machine without Node. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { nodePackages, platforms, thisPlatform } from '../../scripts/platforms.ts';
import { executable } from '../../scripts/plugin/executable.ts';
import { krewManifest } from '../../scripts/plugin/krew.ts';
import { archiveFile, buildPlugin, programFile } from '../../scripts/plugin/main.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { Chroot, chrootSkipReason } from './chroot.ts';
import { onCluster } from './on-cluster.ts';

const root = resolve(import.meta.dirname, '../..');
const platform = thisPlatform() ?? 'linux/amd64';
const archive = archiveFile(platform);
const folder = temporaryFolder('kvcp-plugin-test-');
const outdir = join(folder.path, 'out');
const program = join(outdir, programFile(platform));
const skip = process.platform === 'linux' && thisPlatform() !== undefined ? undefined : 'needs Linux';
const given = skip === undefined ? {} : { skip };
const reasonAgainstChroot = skip ?? chrootSkipReason();

// Not in a hook: hooks of a file run at the same time, and the build would block the one that waits for kube-apiserver.
if (skip === undefined)
  await buildPlugin({ root, outdir, version: '1.2.3', platforms: [platform], progress: () => {} });
after(() => folder.remove());

/** The content of a file in an archive. */
function archived(archive: string, file: string): Buffer {
  return execFileSync('tar', ['-xzOf', join(outdir, archive), file], { maxBuffer: 1 << 28 });
}

test('an archive has the program and the licenses of everything in it', given, () => {
  const files = execFileSync('tar', ['-tzf', join(outdir, archive)], { encoding: 'utf8' });
  assert.deepEqual(files.trim().split('\n').sort(), [
    'LICENSE',
    'LICENSE.node',
    'LICENSES',
    'kubectl-vip',
    'kubectl_complete-vip',
  ]);
  assert.match(archived(archive, 'LICENSE').toString(), /Apache License/);
  assert.match(archived(archive, 'LICENSE.node').toString(), /Node\.js is licensed/);
  const bundled = archived(archive, 'LICENSES').toString();
  for (const name of ['@kubernetes/client-node', 'hpagent', 'socks', 'yaml'])
    assert.ok(bundled.includes(`\n${name} `), name);
  assert.ok(archived(archive, 'kubectl-vip').equals(readFileSync(program)));
});

test('SHA256SUMS has the checksum of each file', given, () => {
  execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: outdir });
});

test('the same script and the same Node give the same program', given, () => {
  const script = archived('kubectl-vip.tar.gz', 'kubectl-vip.js').toString();
  const node = readFileSync(join(root, 'node_modules', nodePackages[platform], 'bin', 'node'));
  assert.ok(executable({ platform, script, node, name: 'kubectl-vip' }).equals(readFileSync(program)));
});

test(
  'the script for those who have Node has less than 1.6 MB, and version loads no HTTP client',
  given,
  () => {
    const script = archived('kubectl-vip.tar.gz', 'kubectl-vip.js');
    assert.ok(script.length < 1.6e6, `${script.length} bytes`);
    const file = join(folder.path, 'kubectl-vip.mjs');
    writeFileSync(file, script);
    const listModules = "process.on('exit', () => console.error(process.moduleLoadList.join('\\n')))";
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${listModules}`, file, 'version'],
      { encoding: 'utf8' },
    );
    assert.match(stdout, /^kubectl-vip 1\.2\.3 /);
    assert.match(stderr, /^NativeModule stream$/m);
    assert.doesNotMatch(stderr, /^NativeModule (?:https?|tls|zlib)$/m);
  },
);

test('NODE_OPTIONS of other programs has no effect', given, () => {
  const env = { NODE_OPTIONS: '--no-such-option' };
  assert.match(execFileSync(program, ['version'], { encoding: 'utf8', env }), /^kubectl-vip 1\.2\.3 /);
});

/** A root with the program and the shared libraries that it needs, and nothing else. */
function emptyRoot(): Chroot {
  const target = join(folder.path, 'root');
  const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  for (const library of libraries) {
    mkdirSync(join(target, dirname(library)), { recursive: true });
    copyFileSync(library, join(target, library));
  }
  cpSync(program, join(target, 'kubectl-vip'));
  return new Chroot(target, '65532:65532');
}

const onServer = onCluster('plugin');
const title = 'the program reads a cluster from a root without Node';
if (reasonAgainstChroot === undefined)
  onServer(title, async (cluster) => {
    await cluster.pools({ 'cidr-default': '10.0.0.0/24' });
    const chroot = emptyRoot();
    chroot.add('/kubeconfig', readFileSync(cluster.server.kubeconfig(), 'utf8'));
    const run = (...args: string[]) => chroot.run(['/kubectl-vip', ...args]);
    assert.match(run('version').stdout, /^kubectl-vip 1\.2\.3 \(Node v26\./);
    const { stdout, stderr, status } = run('pools', '--kubeconfig', '/kubeconfig');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^cidr-default +IPv4 +254 /m);
  });
else test(title, { skip: reasonAgainstChroot }, () => {});

const [krew, controlplane] = (['krew', 'controlplane'] as const).map((name) =>
  locateBinaries(process.env, name),
);
const missing = [...(krew?.missing ?? []), ...(controlplane?.missing ?? [])];
const skipKrew =
  skip ??
  (missing.length > 0 ? `needs ${missing.join(', ')}: \`npm run controlplane\` builds them` : undefined);
const withKrew = skipKrew === undefined ? {} : { skip: skipKrew };

test(
  'krew accepts the manifest and installs the archive, and kubectl finds the plugin',
  withKrew,
  async () => {
    const home = join(folder.path, 'home');
    mkdirSync(home);
    const manifest = join(outdir, 'vip.yaml');
    const folders = [
      join(home, '.krew', 'bin'),
      krew?.folder ?? '',
      controlplane?.folder ?? '',
      '/usr/bin',
      '/bin',
    ];
    const env = { HOME: home, PATH: folders.join(delimiter) };
    const run = (program: string, ...args: string[]): string =>
      execFileSync(program, args, { env, cwd: home, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    run(join(krew?.folder ?? '', 'validate-krew-manifest'), '-manifest', manifest, '-skip-install');
    run(
      join(krew?.folder ?? '', 'krew'),
      'install',
      `--manifest=${manifest}`,
      `--archive=${join(outdir, archive)}`,
    );
    assert.match(run('kubectl', 'vip', 'version'), /^kubectl-vip 1\.2\.3 \(Node v26[\d.]+\)\n$/);
  },
);

test('krew accepts a manifest with all platforms', withKrew, () => {
  const archives = platforms.map((platform) => ({
    platform,
    name: archiveFile(platform),
    program: platform.startsWith('windows/') ? 'kubectl-vip.exe' : 'kubectl-vip',
    sha256: '0'.repeat(64),
  }));
  const manifest = join(folder.path, 'vip.yaml');
  writeFileSync(manifest, krewManifest(root, '1.2.3', archives));
  execFileSync(join(krew?.folder ?? '', 'validate-krew-manifest'), ['-manifest', manifest, '-skip-install']);
});
