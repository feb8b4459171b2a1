import { dirname, join, normalize, relative } from 'node:path/posix';

/** The page of a document: `docs/README.md` is at `docs/index.html`. */
export function pagePath(source: string): string {
  const renamed = source.replace(/(^|\/)README\.md$/, '$1index.md');
  return renamed.endsWith('.md') ? renamed.replace(/md$/, 'html') : `${renamed}.html`;
}

/** The address of a page or file of the site, as another page links to it. */
export function relativeLink(from: string, to: string): string {
  return relative(dirname(from), to);
}

/** The file that a link in a document leads to, relative to the repository, and its anchor with `#`. */
export function linkTarget(source: string, href: string): { path: string; anchor: string } {
  const [file = '', anchor] = href.split('#');
  const path = file === '' ? source : normalize(join(dirname(source), file));
  return { path, anchor: anchor === undefined ? '' : `#${anchor}` };
}

/** Whether a link leads to another site. */
export function isExternal(href: string): boolean {
  return /^[a-z]+:/.test(href);
}

export function isImage(path: string): boolean {
  return /\.(?:png|svg)$/.test(path);
}
