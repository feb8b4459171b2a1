/** The documents as a static site: every page, link, and anchor, and nothing from elsewhere. */
import assert from 'node:assert/strict';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { buildSite } from '../../scripts/site/main.ts';
import { readPages } from '../../scripts/site/pages.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { root } from '../docs/document.ts';

const folder = temporaryFolder('kvcp-site-');
after(() => folder.remove());
const outdir = join(folder.path, 'site');
const pages = new Map<string, string>();

before(async () => {
  await buildSite({ root, outdir });
  for (const path of globSync('**/*.html', { cwd: outdir }))
    pages.set(path, readFileSync(join(outdir, path), 'utf8'));
});

/** The values of an attribute, as a browser reads them. */
function attributes(html: string, name: string): string[] {
  return [...html.matchAll(new RegExp(` ${name}="([^"]*)"`, 'g'))].map(([, value = '']) =>
    value.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'"),
  );
}

const isExternal = (target: string): boolean => /^[a-z]+:/.test(target);

test('each document has a page', () => {
  const documents = globSync(['README.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/**/*.md'], { cwd: root });
  assert.ok(documents.length > 50);
  const expected = documents.map((path) => path.replace(/README\.md$/, 'index.md').replace(/\.md$/, '.html'));
  assert.deepEqual(
    expected.filter((path) => !pages.has(path)),
    [],
  );
});

test('every link leads to a file of the site, and to an anchor in it', () => {
  const broken: string[] = [];
  let checked = 0;
  for (const [path, html] of pages) {
    const targets = [...attributes(html, 'href'), ...attributes(html, 'src')];
    for (const target of targets.filter((one) => !isExternal(one))) {
      checked += 1;
      const [file = '', anchor] = target.split('#');
      const found = file === '' ? path : normalize(join(dirname(path), file));
      const isThere = !found.startsWith('..') && existsSync(join(outdir, found)) && !found.endsWith('/');
      const ids = anchor === undefined ? [''] : attributes(pages.get(found) ?? '', 'id');
      if (!isThere || !ids.includes(anchor ?? '')) broken.push(`${path}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(checked > 2000, `${checked} links`);
});

test('the anchors of a page are unique', () => {
  for (const [path, html] of pages) {
    const ids = attributes(html, 'id');
    assert.equal(new Set(ids).size, ids.length, path);
  }
});

test('nothing is loaded from another place, and links to other machines use https', () => {
  for (const [path, html] of pages) {
    assert.deepEqual(attributes(html, 'src').filter(isExternal), [], path);
    const loads = [...html.matchAll(/<(?:link|script)[^>]*(?:href|src)="([^"]*)"/g)].map(
      ([, url = '']) => url,
    );
    assert.deepEqual(loads.filter(isExternal), [], path);
    for (const url of attributes(html, 'href').filter(isExternal))
      assert.match(url, /^(?:https:|http:\/\/(?:127\.0\.0\.1|localhost)\b)/, path);
  }
  for (const style of globSync('*.css', { cwd: outdir }))
    assert.doesNotMatch(readFileSync(join(outdir, style), 'utf8'), /url\(|@import/);
});

test('each page has its title, and the navigation with every group and the current page', () => {
  const groups = ['Start', 'Guides', 'Pools and addresses', 'Operate', 'Reference', 'How it works'];
  const titles = new Map([...pages].map(([path, html]) => [path, /<title>(.*?)<\/title>/.exec(html)?.[1]]));
  assert.equal(titles.get('docs/guides/k3s.html'), 'k3s · kube-vip-cloud-provider');
  for (const [path, html] of pages) {
    const shown = [...html.matchAll(/<h2 class="group">(.*?)<\/h2>/g)].map(([, title]) => title);
    assert.deepEqual(shown, groups, path);
  }
  const guide = pages.get('docs/guides/k3s.html') ?? '';
  assert.match(guide, /<a href="k3s\.html" aria-current="page">k3s<\/a>/);
});

test('code, tables, and characters of HTML are kept as they are in the documents', () => {
  const pools = pages.get('docs/pools.html') ?? '';
  assert.match(pools, /<pre><code class="language-yaml">/);
  assert.match(pages.get('docs/install.html') ?? '', /<code>&lt;pending&gt;<\/code>/);
  assert.match(pages.get('deploy/admission/pools.yaml.html') ?? '', /kind: ValidatingAdmissionPolicy/);
});

test('a link to a file that does not exist fails the build, and names the document', () => {
  const checkout = join(folder.path, 'checkout');
  mkdirSync(checkout);
  writeFileSync(join(checkout, 'README.md'), '# Title\n\n[gone](docs/gone.md)\n');
  assert.throws(
    () => readPages(checkout, ['README.md']),
    /^Error: README\.md links to docs\/gone\.md, which/,
  );
});

test('the same documents give the same bytes', async () => {
  const again = join(folder.path, 'again');
  await buildSite({ root, outdir: again });
  const files = globSync('**/*', { cwd: outdir, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.ok(files.length > 60);
  for (const { parentPath, name } of files) {
    const path = relative(outdir, join(parentPath, name));
    assert.ok(readFileSync(join(outdir, path)).equals(readFileSync(join(again, path))), path);
  }
});
