/** Every relative link in a document points to an existing file and heading. */
import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { anchorsOf, proseOf, root } from './document.ts';

const documents = globSync(['*.md', 'docs/**/*.md', 'examples/*.md', 'charts/*/*.md'], { cwd: root });

interface Link {
  readonly from: string;
  readonly target: string;
}

const links = documents.flatMap((from): Link[] =>
  [...proseOf(from).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => ({ from, target }))
    .filter(({ target }) => !/^[a-z]+:/.test(target)),
);

test('every relative link has a target', () => {
  assert.ok(links.length > 100, `only ${links.length} links were found`);
  const broken = links.filter(({ from, target }) => {
    const [file = '', anchor] = target.split('#');
    const path = file === '' ? from : normalize(join(dirname(from), file));
    if (!existsSync(join(root, path))) return true;
    return anchor !== undefined && !(path.endsWith('.md') && anchorsOf(proseOf(path)).has(anchor));
  });
  assert.deepEqual(broken, []);
});

test('every document in docs/ is in the index of its folder', () => {
  const unlisted = documents.filter((path) => {
    const index = join(dirname(path), 'README.md');
    if (!path.startsWith('docs/') || path === index) return false;
    return !links.some(
      ({ from, target }) =>
        from === index && normalize(join(dirname(from), target.split('#')[0] ?? '')) === path,
    );
  });
  assert.deepEqual(unlisted, []);
});
