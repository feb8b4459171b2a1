/** CHANGELOG.md has the form of keepachangelog.com, in step with package.json. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isNewer } from '../../scripts/release/prepare.ts';
import { releaseSettings } from '../../scripts/release/settings.ts';
import { root } from '../docs/document.ts';

const { version, repository } = releaseSettings(root);
const text = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);
const versions = headings
  .slice(1)
  .map((heading) => /^\[(\d+\.\d+\.\d+\S*)\] - \d{4}-\d\d-\d\d$/.exec(heading)?.[1] ?? '');

test('the first section is Unreleased, and each other one has a version and a date, the newest first', () => {
  assert.equal(headings[0], '[Unreleased]');
  assert.ok(
    versions.every((found) => found !== ''),
    headings.join(', '),
  );
  versions.slice(1).forEach((older = '', index) => {
    assert.ok(isNewer(versions[index] ?? '', older), `${versions[index]} is above ${older}`);
  });
});

test('the newest version is that of package.json, unless none is released yet', () => {
  assert.ok(versions.length === 0 || versions[0] === version, `${versions[0]} is not ${version}`);
});

test('each section has the known kinds of changes, each once, and each change is a list item', () => {
  const kinds = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
  for (const section of text.split(/^## /m).slice(1)) {
    const found = [...section.matchAll(/^### (.*)$/gm)].map(([, kind = '']) => kind);
    assert.deepEqual(
      found,
      kinds.filter((kind) => found.includes(kind)),
      section.split('\n', 1).join(),
    );
    const lines = section.split('\n').slice(1);
    const others = lines.filter((line) => !/^(?:$|- | {2}\S|### |\[[^\]]+\]: )/.test(line));
    assert.deepEqual(others, []);
  }
});

test('each version links to its changes', () => {
  const links = new Map(
    [...text.matchAll(/^\[([^\]]+)\]: (\S+)$/gm)].map(([, name = '', url = '']): [string, string] => [
      name,
      url,
    ]),
  );
  for (const name of ['Unreleased', ...versions])
    assert.ok(links.get(name)?.startsWith(`${repository}/`), name);
});
