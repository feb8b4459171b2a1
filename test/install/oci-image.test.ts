/** Tests the image that `npm run image` builds: as a registry's client reads it, and as a runtime starts it. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { buildImage, sbomFile, tarFile } from '../../scripts/image/main.ts';
import { readLock } from '../../scripts/image/packages.ts';
import { type Architecture, architectures } from '../../scripts/image/platform.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { Chroot, chrootSkipReason } from './chroot.ts';
import { asPod, assignsAddress } from './image-run.ts';
import { manifest } from './objects.ts';
import { onCluster } from './on-cluster.ts';

const root = resolve(import.meta.dirname, '..', '..');
const { folder: programs, missing } = locateBinaries(process.env, 'crane');
const skip = missing.length > 0 ? 'needs crane: `npm run controlplane` builds it' : chrootSkipReason();
const given = skip === undefined ? {} : { skip };
const folder = temporaryFolder('kvcp-oci-');
const [first, second] = ['first', 'second'].map((name) => join(folder.path, name)) as [string, string];
const name = 'registry.example.com/kube-vip-cloud-provider:v1.2.3';
const program = '/kube-vip-cloud-provider';
let chroot: Chroot | undefined;

const crane = (...args: string[]): string =>
  execFileSync(join(programs, 'crane'), args, { encoding: 'utf8', maxBuffer: 1 << 28 });

// Not in a hook: hooks of a file run at the same time, and the build would block the one that waits for kube-apiserver.
if (skip === undefined) {
  const build = (outdir: string, platforms: readonly Architecture[]): Promise<void> =>
    buildImage({ root, outdir, name, platforms, progress: () => {} });
  await build(first, architectures);
  await build(second, ['amd64']);
  chroot = new Chroot(unpack('amd64'), '65532:65532');
}
after(() => folder.remove());

/** The file system of the image, as crane unpacks it. */
function unpack(architecture: Architecture): string {
  const target = join(folder.path, architecture);
  execFileSync('mkdir', [target]);
  const image = openSync(tarFile(first, architecture), 'r');
  const files = execFileSync(join(programs, 'crane'), ['export', '-', '-'], {
    stdio: [image, 'pipe', 'inherit'],
    maxBuffer: 1 << 30,
  });
  closeSync(image);
  execFileSync('tar', ['-x', '-C', target], { input: files });
  return target;
}

test('the same sources give the same bytes', given, () => {
  for (const file of [tarFile, sbomFile]) {
    const [one, other] = [file(first, 'amd64'), file(second, 'amd64')];
    assert.ok(readFileSync(one).equals(readFileSync(other)), `${one} differs from ${other}`);
  }
});

for (const architecture of architectures) {
  test(`linux/${architecture}: the file is valid for a registry's client, and for docker load`, given, () => {
    assert.match(crane('validate', '--tarball', tarFile(first, architecture)), /^PASS/);
    const list = JSON.parse(
      execFileSync('tar', ['-xOf', tarFile(first, architecture), './manifest.json'], { encoding: 'utf8' }),
    ) as { RepoTags: string[] }[];
    assert.deepEqual(list[0]?.RepoTags, [name]);
  });
}

test('the index has both platforms, and the config of the Dockerfile', given, () => {
  const read = (path: string): Record<string, never> =>
    JSON.parse(readFileSync(join(first, 'oci', path), 'utf8')) as Record<string, never>;
  const blob = (digest: string) => read(`blobs/${digest.replace(':', '/')}`);
  const { manifests } = read('index.json') as unknown as {
    manifests: { digest: string; platform: { architecture: string; os: string } }[];
  };
  assert.deepEqual(
    manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`),
    ['linux/amd64', 'linux/arm64'],
  );
  for (const { digest, platform } of manifests) {
    const { config } = blob(digest) as unknown as { config: { digest: string } };
    const image = blob(config.digest) as unknown as {
      architecture: string;
      config: { User: string; Entrypoint: string[]; Labels: Record<string, string>; Env: string[] };
    };
    assert.equal(image.architecture, platform.architecture);
    assert.equal(image.config.User, '65532:65532');
    assert.deepEqual(image.config.Entrypoint, [program]);
    assert.ok(image.config.Env.includes('NODE_OPTIONS=--max-semi-space-size=2'));
    assert.equal(image.config.Labels['org.opencontainers.image.version'], 'v1.2.3');
    assert.match(image.config.Labels['org.opencontainers.image.revision'] ?? '', /^[0-9a-f]{40}$/);
  }
});

test('arm64 has a Node for arm64, and its loader', given, () => {
  const files = unpack('arm64');
  const elfMachine = (path: string): number => readFileSync(join(files, path)).readUInt16LE(18);
  const aarch64 = 183;
  assert.equal(elfMachine('nodejs/bin/node'), aarch64);
  assert.equal(elfMachine('usr/lib/ld-linux-aarch64.so.1'), aarch64);
});

test('the SBOM lists Node, each Debian package, and each bundled npm package', given, () => {
  for (const architecture of architectures) {
    const sbom = JSON.parse(readFileSync(sbomFile(first, architecture), 'utf8')) as {
      bomFormat: string;
      components: { name: string; version: string; purl?: string }[];
    };
    assert.equal(sbom.bomFormat, 'CycloneDX');
    for (const { name, version } of readLock(root).packages[architecture])
      assert.ok(
        sbom.components.some((one) => one.name === name && one.version === version),
        name,
      );
    const purls = sbom.components.map(({ purl }) => purl ?? '');
    assert.ok(purls.some((purl) => purl.startsWith('pkg:generic/node@26.')));
    assert.ok(purls.some((purl) => purl.startsWith('pkg:npm/%40kubernetes/client-node@')));
  }
});

test('the image has no shell, and its licenses are in it', given, () => {
  assert.ok(chroot);
  assert.notEqual(chroot.run(['/bin/sh', '-c', 'true']).status, 0);
  const read = (path: string): string =>
    chroot?.run(['/nodejs/bin/node', '-p', `fs.readFileSync('${path}', 'utf8').length > 100`]).stdout ?? '';
  for (const { name: library } of readLock(root).packages.amd64)
    assert.equal(read(`/usr/share/doc/${library}/copyright`), 'true\n', library);
  for (const path of [
    '/nodejs/LICENSE',
    '/app/LICENSE',
    '/app/LICENSES',
    '/etc/ssl/certs/ca-certificates.crt',
  ])
    assert.equal(read(path), 'true\n', path);
});

test('it runs as its user on a read-only root', given, () => {
  assert.ok(chroot);
  const attempt =
    "try { fs.writeFileSync('/x', '') } catch ({ code }) { console.log(process.getuid(), code) }";
  assert.equal(chroot.run(['/nodejs/bin/node', '-e', attempt]).stdout, '65532 EROFS\n');
  assert.match(
    chroot.run([program, '--version']).stdout,
    /^kube-vip-cloud-provider \d+\.\d+\.\d+ \(Node v26\./,
  );
});

const onServer = onCluster('oci-image');
if (skip === undefined)
  onServer('it assigns an address as a Pod of the manifest would', async (cluster) => {
    assert.ok(chroot);
    await cluster.kubectl(['apply', '-f', manifest]);
    await cluster.pools({ 'cidr-default': '10.0.0.0/24' });
    const env = await asPod(cluster, chroot);
    await assignsAddress(cluster, chroot, [program, '--secure-port=0', '--web-port=0'], env);
  });
else test('it assigns an address as a Pod of the manifest would', { skip }, () => {});
