/** What `npm run push-release` pushes, with a registry on loopback. `npm run rehearse-release` signs it, too. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { packChart } from '../../scripts/chart.ts';
import { Layout } from '../../scripts/image/oci.ts';
import { architectures } from '../../scripts/image/platform.ts';
import { checksumsOf, ReleaseFiles } from '../../scripts/release/files.ts';
import {
  type Destination,
  type Pushed,
  publicDestination,
  pushChart,
  pushImage,
  pushRelease,
  withDigest,
} from '../../scripts/release/push.ts';
import { type LocalRegistry, startRegistry } from '../../scripts/release/registry.ts';
import { ReleaseError } from '../../scripts/release/script.ts';
import { releaseSettings } from '../../scripts/release/settings.ts';
import { type RunTool, runTools } from '../../scripts/release/tools.ts';
import { byWorkflow, verifyRelease } from '../../scripts/release/verify.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { root } from '../docs/document.ts';

const missing = (['crane', 'helm'] as const).flatMap((name) => locateBinaries(process.env, name).missing);
const skip =
  missing.length > 0 ? `needs ${missing.join(', ')}: \`npm run controlplane\` builds them` : undefined;
const given = skip === undefined ? {} : { skip };
const folder = temporaryFolder('kvcp-push-');
const settings = releaseSettings(root);
const files = new ReleaseFiles(join(folder.path, 'files'), settings);
const config = {
  user: '65532',
  entrypoint: ['/x'],
  env: [],
  ports: [],
  labels: {},
  created: '2030-01-01T00:00:00Z',
};
let registry: LocalRegistry | undefined;

/** A tool that runs crane and helm, and remembers what cosign would do. */
function withoutCosign(): { run: RunTool; signed: string[] } {
  const signed: string[] = [];
  const real = runTools({ HOME: folder.path });
  return {
    signed,
    run: (tool, args) => {
      if (tool !== 'cosign') return real(tool, args);
      signed.push(args.join(' '));
      return Promise.resolve('');
    },
  };
}

function destination(): Destination {
  const host = registry?.host ?? assert.fail('the registry runs');
  return {
    ...settings,
    image: `${host}/kube-vip-cloud-provider`,
    charts: `oci://${host}/charts`,
    isPlain: true,
  };
}

before(async () => {
  if (skip !== undefined) return;
  registry = await startRegistry();
  mkdirSync(files.folder, { recursive: true });
  const layout = new Layout(files.layout);
  const images = architectures.map((architecture) => {
    const files = join(folder.path, architecture);
    mkdirSync(files);
    writeFileSync(join(files, 'platform'), architecture);
    return layout.add(architecture, [files], config);
  });
  layout.finish(images, `registry.example.com/kube-vip-cloud-provider:v${settings.version}`);
  packChart(root, files.folder);
  writeFileSync(files.checksums, checksumsOf(files.downloads));
});
after(() => {
  registry?.stop();
  folder.remove();
});

test('the image of each platform and the chart can be pulled again, unchanged', given, async () => {
  const { run } = withoutCosign();
  const to = destination();
  const { image, chart }: Pushed = await pushRelease(run, to, undefined, files);
  assert.match(image, /^127\.0\.0\.1:\d+\/kube-vip-cloud-provider@sha256:[0-9a-f]{64}$/);
  assert.match(chart, /^127\.0\.0\.1:\d+\/charts\/kube-vip-cloud-provider@sha256:[0-9a-f]{64}$/);
  await run('crane', ['validate', '--remote', `${to.image}:v${to.version}`]);
  for (const architecture of architectures) {
    const tar = join(folder.path, `${architecture}.tar`);
    await run('crane', ['export', '--platform', `linux/${architecture}`, image, tar]);
    const content = execFileSync('tar', ['-xOf', tar, 'platform'], { encoding: 'utf8' });
    assert.equal(content, architecture);
  }
  const pulled = join(folder.path, 'pulled');
  mkdirSync(pulled);
  const flags = ['--version', settings.chartVersion, '--plain-http', '--destination', pulled];
  await run('helm', ['pull', `${to.charts}/kube-vip-cloud-provider`, ...flags]);
  assert.ok(readFileSync(join(pulled, basename(files.chart))).equals(readFileSync(files.chart)));
  const again = await pushRelease(run, to, undefined, files);
  assert.equal(again.image, image, 'a second push has the same digest');
});

test('everything is signed by digest, and each platform has an SBOM', given, async () => {
  for (const key of [undefined, 'release.key']) {
    const { run, signed } = withoutCosign();
    const { image, chart } = await pushRelease(run, destination(), key, files);
    const flags = key === undefined ? '--yes' : '--yes --key release.key --tlog-upload=false';
    assert.equal(signed[0], `sign ${flags} --recursive ${image}`);
    architectures.forEach((architecture, index) => {
      const attest = new RegExp(
        `^attest ${flags} --type cyclonedx --predicate ${files.sbom(architecture)} \\S+@sha256:`,
      );
      assert.match(signed[index + 1] ?? '', attest);
      assert.ok(!signed[index + 1]?.endsWith(image), 'the platform, not the index');
    });
    assert.deepEqual(signed.slice(3), [
      `attest ${flags} --type https://slsa.dev/provenance/v1 --predicate ${files.provenance} ${image}`,
      `sign ${flags} ${chart}`,
      `sign-blob ${flags} --new-bundle-format --bundle ${files.signature} ${files.checksums}`,
    ]);
  }
});

test('a release is verified with what docs/release.md trusts', given, async () => {
  const { run, signed } = withoutCosign();
  await pushRelease(run, destination(), undefined, files);
  signed.length = 0;
  await verifyRelease(run, destination(), byWorkflow(settings), files);
  assert.equal(signed.filter((command) => command.startsWith('verify ')).length, 2 + architectures.length);
  const document = readFileSync(join(root, 'docs', 'release.md'), 'utf8').replaceAll(/ \\\n +/g, ' ');
  const trust = byWorkflow(settings).join(' ').replaceAll('=', ' ');
  const { image } = publicDestination(root);
  assert.ok(document.includes(`cosign verify ${image}:v${settings.version} ${trust}\n`));
  const [file, bundle] = [files.checksums, files.signature].map((path) => basename(path));
  assert.ok(
    document.includes(`cosign verify-blob ${file} --new-bundle-format --bundle ${bundle} ${trust}\n`),
  );
});

test('a tag is never moved', given, async () => {
  const { run } = withoutCosign();
  const to = { ...destination(), image: `${registry?.host}/kept`, charts: `oci://${registry?.host}/kept` };
  const { image } = await pushRelease(run, to, undefined, files);
  const other = new Layout(join(folder.path, 'other'));
  other.finish([], 'registry.example.com/other:v1');
  await assert.rejects(
    pushImage(run, to, other.folder),
    /kept:v\S+ exists, with other content\. A tag is never moved/,
  );
  const changed = join(folder.path, 'changed.tgz');
  writeFileSync(changed, 'changed');
  await assert.rejects(
    pushChart(run, to, changed),
    /kept\/kube-vip-cloud-provider:\S+ exists, with other content/,
  );
  assert.equal(await withDigest(run, `${to.image}:v${to.version}`), image);
});

test('files that do not fit their checksums are not signed', given, async () => {
  const { run, signed } = withoutCosign();
  const added = join(files.folder, 'added.txt');
  writeFileSync(added, 'added');
  await assert.rejects(pushRelease(run, destination(), undefined, files), /Run: npm run release/);
  rmSync(added);
  assert.deepEqual(signed, []);
});

test('what a tool reports is in the error', given, async () => {
  const run = runTools({ HOME: folder.path });
  const failed = run('crane', ['digest', `${registry?.host}/missing:v1`]);
  await assert.rejects(
    failed,
    (error) => error instanceof ReleaseError && /digest .*MANIFEST_UNKNOWN|NAME_UNKNOWN/.test(error.message),
  );
});
