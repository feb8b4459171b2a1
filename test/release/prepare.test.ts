/** `npm run prepare-release` sets the version and the names in every file, and package.json is where they come from. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isNewer, namingFiles, prepareRelease, unreleasedNotice } from '../../scripts/release/prepare.ts';
import { releaseSettings, taggedImage } from '../../scripts/release/settings.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { root } from '../docs/document.ts';
import { at, objectsIn, only } from '../install/objects.ts';

const { missing } = locateBinaries(process.env, 'helmDocs');
const needsHelmDocs = missing.length > 0 ? { skip: 'needs helm-docs: `npm run controlplane` builds it' } : {};
const current = releaseSettings(root);
const folder = temporaryFolder('kvcp-prepare-');
after(() => folder.remove());

const next = {
  version: '41.2.3',
  chartVersion: '41.4.5',
  image: 'registry.example.com/network/addresses',
  repository: 'https://code.example.com/network/addresses',
  charts: 'oci://registry.example.com/network/charts',
};

/** A copy of the files that Git tracks, or will track. */
function copyOfCheckout(): string {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const path of files.trimEnd().split('\n'))
    if (!/^(?:src|test|bench|scripts)\//.test(path)) cpSync(join(root, path), join(folder.path, path));
  return folder.path;
}

test('every name and version changes in every file', needsHelmDocs, () => {
  const copy = copyOfCheckout();
  prepareRelease(copy, next, '2030-01-02');
  const read = (path: string): string => readFileSync(join(copy, path), 'utf8');
  assert.deepEqual(releaseSettings(copy), next);
  assert.equal((JSON.parse(read('package-lock.json')) as { version: string }).version, next.version);
  const deployment = only(objectsIn(read('manifest/kube-vip-cloud-controller.yaml')), 'Deployment');
  assert.equal(at(deployment, 'spec.template.spec.containers.0.image'), taggedImage(next));
  const left = globSync([...namingFiles, 'package.json'], { cwd: copy }).flatMap((path) =>
    read(path)
      .split('\n')
      .filter((line) => !/:v0\.0\.\d/.test(line))
      .filter((line) =>
        [current.image, current.repository, current.charts].some((name) => line.includes(name)),
      )
      .map((line) => `${path}: ${line}`),
  );
  assert.deepEqual(left, [], 'no file has an old name');
  const versions = globSync(namingFiles, { cwd: copy })
    // The changelog is history, and the series in the tests of the alerts are samples.
    .filter((path) => path !== 'CHANGELOG.md' && path !== 'deploy/monitoring/alerts.test.yaml')
    .flatMap((path) =>
      read(path)
        .split('\n')
        .filter((line) =>
          new RegExp(`(?<![\\d.])${current.version.replaceAll('.', '\\.')}(?![\\w.])`).test(line),
        )
        .map((line) => `${path}: ${line}`),
    );
  assert.deepEqual(versions, [], 'no file has the old version');
  const chart = read('charts/kube-vip-cloud-provider/Chart.yaml');
  assert.match(chart, /^version: 41\.4\.5$/m);
  assert.match(chart, /^appVersion: v41\.2\.3$/m);
  assert.match(
    read('docs/install.md'),
    /^helm install \S+ oci:\/\/registry\.example\.com\S+ --version 41\.4\.5 /m,
  );
  assert.match(read('README.md'), /code\.example\.com\/network\/addresses\/releases\/download\/v41\.2\.3\//);
  assert.match(read('docs/upgrade.md'), /=ghcr\.io\/\S+:v0\.0\.12$/m, 'the Go version keeps its image');
});

test(
  'the prepared changelog has a section for the version, and no document says that nothing is released',
  needsHelmDocs,
  () => {
    const read = (path: string): string => readFileSync(join(folder.path, path), 'utf8');
    const changelog = read('CHANGELOG.md');
    assert.match(changelog, /^## \[Unreleased\]\n\n## \[41\.2\.3\] - 2030-01-02\n\n### /m);
    assert.match(
      changelog,
      /^\[Unreleased\]: https:\/\/code\.example\.com\/\S+\/compare\/v41\.2\.3\.\.\.HEAD\n\[41\.2\.3\]: /m,
    );
    for (const path of globSync(namingFiles, { cwd: folder.path }))
      assert.ok(!read(path).includes(unreleasedNotice), path);
  },
);

test('the next release only changes the version, and links to what changed since', needsHelmDocs, () => {
  const later = { ...next, version: '42.0.0' };
  prepareRelease(folder.path, later, '2030-02-03');
  assert.deepEqual(releaseSettings(folder.path), later);
  const changelog = readFileSync(join(folder.path, 'CHANGELOG.md'), 'utf8');
  assert.match(changelog, /^## \[42\.0\.0\] - 2030-02-03\n\n## \[41\.2\.3\] - 2030-01-02$/m);
  assert.match(
    changelog,
    /^\[42\.0\.0\]: \S+\/compare\/v41\.2\.3\.\.\.v42\.0\.0\n\[41\.2\.3\]: \S+\/releases\/tag\/v41\.2\.3$/m,
  );
});

test('as long as the changelog has no version, the documents that name a release say that there is none', () => {
  const isReleased = /^## \[\d/m.test(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'));
  const naming = globSync(['*.md', 'docs/**/*.md', 'charts/*/*.md'], { cwd: root }).filter((path) =>
    /\/releases\/download\/|oci:\/\//.test(readFileSync(join(root, path), 'utf8')),
  );
  assert.ok(naming.includes('README.md') && naming.includes('docs/install.md'));
  for (const path of naming) {
    const text = readFileSync(join(root, path), 'utf8');
    assert.equal(text.includes(`\n${unreleasedNotice}`), !isReleased, path);
  }
});

test('package-lock.json has the version of package.json', () => {
  const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  assert.equal(at(lock, 'version'), current.version);
});

test('versions are compared by number', () => {
  for (const [version, than] of [
    ['1.0.0', '0.9.9'],
    ['0.10.0', '0.9.0'],
    ['1.2.10', '1.2.9'],
  ] as const) {
    assert.ok(isNewer(version, than), version);
    assert.ok(!isNewer(than, version), than);
  }
  assert.ok(!isNewer('1.0.0', '1.0.0'));
});
