/**
 * Builds the documents as a static site, which works from disk: `npm run site` writes it into dist/site.
 *
 * Exit codes: 0 built, 1 a document cannot become a page.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { licensesText, packagesOf } from '../licenses.ts';
import { SiteError } from './failure.ts';
import { readNavigation } from './navigation.ts';
import { type Page, readPages } from './pages.ts';
import { searchSections } from './search-sections.ts';
import { htmlOf } from './template.ts';

export interface SiteOptions {
  /** The checkout. */
  readonly root: string;
  readonly outdir: string;
}

export interface SiteSize {
  readonly pages: number;
  readonly bytes: number;
}

/** Builds the site into `outdir`, which it empties first. */
export async function buildSite({ root, outdir }: SiteOptions): Promise<SiteSize> {
  const { pages, images } = readPages(root, ['README.md', 'docs/README.md']);
  const files = new Map<string, string>();
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const site = {
    name: name ?? '',
    version: version ?? '',
    navigation: readNavigation(root, 'docs/README.md'),
    titles: new Map(pages.map(({ source, title }) => [source, title])),
  };
  for (const page of pages) files.set(page.path, htmlOf(page, site));
  files.set('search-data.js', searchData(pages));
  for (const [path, text] of await browserFiles(root)) files.set(path, text);
  // A failed build keeps the previous output.
  rmSync(outdir, { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(outdir, path)), { recursive: true });
    writeFileSync(join(outdir, path), text);
  }
  for (const path of images) {
    mkdirSync(dirname(join(outdir, path)), { recursive: true });
    copyFileSync(join(root, path), join(outdir, path));
  }
  const bytes = [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { pages: pages.length, bytes };
}

/** A script, because a page from disk may not read other files. */
function searchData(pages: readonly Page[]): string {
  return `globalThis.siteSections=${JSON.stringify(searchSections(pages))};\n`;
}

/** The files that all pages share. */
async function browserFiles(root: string): Promise<Map<string, string>> {
  const folder = join(import.meta.dirname, 'browser');
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(folder, 'search.ts')],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const [script] = outputFiles;
  const licenses = licensesText(packagesOf(root, Object.keys(metafile.inputs)), []);
  return new Map([
    ['search.js', script?.text ?? ''],
    ['site.css', readFileSync(join(folder, 'site.css'), 'utf8')],
    ['icon.svg', readFileSync(join(root, 'src', 'web', 'page', 'icon.svg'), 'utf8')],
    ['LICENSES', licenses],
  ]);
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..', '..');
  const outdir = join(root, 'dist', 'site');
  try {
    const { pages, bytes } = await buildSite({ root, outdir });
    const size = (bytes / 1e6).toFixed(1);
    process.stderr.write(`site: ${pages} pages, ${size} MB without images. Open this file in a browser:\n`);
    process.stdout.write(`${join(outdir, 'index.html')}\n`);
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    process.stderr.write(`site: ${error.message}\n`);
    process.exitCode = 1;
  }
}
