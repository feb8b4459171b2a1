/** The small files of a release, and the draft on GitHub. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { checkTag } from '../../scripts/release/artifacts.ts';
import { checksumsOf, ReleaseFiles } from '../../scripts/release/files.ts';
import { createDraft, notesOf } from '../../scripts/release/github.ts';
import { builderIn, provenanceOf } from '../../scripts/release/provenance.ts';
import { ReleaseError } from '../../scripts/release/script.ts';
import { releaseSettings } from '../../scripts/release/settings.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { root } from '../docs/document.ts';
import { at } from '../install/objects.ts';

const folder = temporaryFolder('kvcp-release-files-');
after(() => folder.remove());
const settings = releaseSettings(root);

test('sha256sum accepts the checksums', () => {
  const names = ['one', 'two'].map((name) => join(folder.path, name));
  for (const path of names) writeFileSync(path, path);
  writeFileSync(join(folder.path, 'checksums.txt'), checksumsOf(names));
  const checked = execFileSync('sha256sum', ['--check', 'checksums.txt'], {
    cwd: folder.path,
    encoding: 'utf8',
  });
  assert.equal(checked, 'one: OK\ntwo: OK\n');
});

test('the provenance names the commit, the lock files, and the run of the workflow', () => {
  const workflow = {
    GITHUB_SERVER_URL: 'https://code.example.com',
    GITHUB_REPOSITORY: 'network/addresses',
    GITHUB_WORKFLOW_REF: 'network/addresses/.github/workflows/release.yaml@refs/tags/v1.0.0',
    GITHUB_RUN_ID: '7',
    GITHUB_RUN_ATTEMPT: '2',
  };
  const provenance = provenanceOf(root, settings, builderIn(workflow));
  assert.match(
    String(at(provenance, 'buildDefinition.resolvedDependencies.0.digest.gitCommit')),
    /^[0-9a-f]{40}$/,
  );
  assert.match(
    String(at(provenance, 'buildDefinition.resolvedDependencies.2.digest.sha256')),
    /^[0-9a-f]{64}$/,
  );
  assert.equal(
    at(provenance, 'runDetails.builder.id'),
    'https://code.example.com/network/addresses/.github/workflows/release.yaml@refs/tags/v1.0.0',
  );
  assert.equal(
    at(provenance, 'runDetails.metadata.invocationId'),
    'https://code.example.com/network/addresses/actions/runs/7/attempts/2',
  );
  assert.deepEqual(builderIn({}), { id: 'local', invocation: 'local' });
});

test('a tag of another version stops the release', () => {
  checkTag('1.0.0', { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.0.0' });
  checkTag('1.0.0', {});
  assert.throws(
    () => checkTag('1.0.0', { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.0.1' }),
    /The tag is v1\.0\.1, but package\.json has version 1\.0\.0\. Run `npm run prepare-release/,
  );
});

const changelog = `# Changelog

## [Unreleased]

## [1.1.0] - 2030-02-02

### Added

- Two.

## [1.0.0] - 2030-01-01

### Added

- One.

[Unreleased]: https://code.example.com/compare/v1.1.0...HEAD
[1.1.0]: https://code.example.com/compare/v1.0.0...v1.1.0
`;

test('the notes of a release are its section of the changelog', () => {
  assert.equal(notesOf(changelog, '1.1.0'), '### Added\n\n- Two.\n');
  assert.equal(notesOf(changelog, '1.0.0'), '### Added\n\n- One.\n');
  assert.throws(() => notesOf(changelog, '1.2.0'), ReleaseError);
});

test('the draft has the tag, the notes, and every file with its checksums and their signature', () => {
  const home = join(folder.path, 'draft');
  const files = new ReleaseFiles(join(home, 'dist'), { ...settings, version: '1.1.0' });
  mkdirSync(join(files.layout, 'blobs'), { recursive: true });
  mkdirSync(join(home, 'charts', 'kube-vip-cloud-provider'), { recursive: true });
  writeFileSync(join(home, 'charts', 'kube-vip-cloud-provider', 'Chart.yaml'), 'version: 2.0.0\n');
  writeFileSync(join(home, 'package.json'), JSON.stringify({ version: '1.1.0', release: settings }));
  writeFileSync(join(home, 'CHANGELOG.md'), changelog);
  const gh = join(home, 'gh');
  writeFileSync(gh, '#!/bin/sh\nprintf "%s\\n" "$@"; cat\n');
  chmodSync(gh, 0o755);
  const env = { PATH: [home, process.env.PATH].join(delimiter) };
  writeFileSync(files.manifest, 'manifest');
  writeFileSync(files.checksums, 'checksums');
  assert.throws(() => createDraft(home, files, env), /not signed/);
  writeFileSync(files.signature, 'signature');
  const flags = ['--draft', '--verify-tag', '--title', 'v1.1.0', '--notes-file', '-'];
  const attached = [files.manifest, files.checksums, files.signature];
  const expected = ['release', 'create', 'v1.1.0', ...flags, ...attached, '### Added', '', '- Two.', ''];
  assert.equal(createDraft(home, files, env), expected.join('\n'));
});
