import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SiteError } from './failure.ts';
import { escapeHtml } from './html.ts';
import { renderMarkdown, type Section } from './markdown.ts';
import { isExternal, isImage, linkTarget, pagePath, relativeLink } from './paths.ts';

export interface Page {
  /** The file in the repository. */
  readonly source: string;
  /** The file in the site. */
  readonly path: string;
  readonly title: string;
  readonly html: string;
  readonly sections: readonly Section[];
}

export interface Pages {
  readonly pages: readonly Page[];
  /** Files that are copied. */
  readonly images: readonly string[];
}

/** Reads these documents, and everything that is linked from them. Other text files become pages that show them. */
export function readPages(root: string, documents: readonly string[]): Pages {
  const queue = new Set(documents);
  const images = new Set<string>();
  const pages: Page[] = [];
  for (const source of queue) {
    const text = readFileSync(join(root, source), 'utf8');
    const path = pagePath(source);
    const resolve = (href: string): string => {
      if (isExternal(href)) return href;
      const { path: target, anchor } = linkTarget(source, href);
      if (
        target.startsWith('..') ||
        !existsSync(join(root, target)) ||
        !statSync(join(root, target)).isFile()
      )
        throw new SiteError(
          `${source} links to ${href}, which is not a file of this repository. Fix the link.`,
        );
      if (isImage(target)) images.add(target);
      else queue.add(target);
      if (target === source) return anchor;
      return relativeLink(path, isImage(target) ? target : pagePath(target)) + anchor;
    };
    if (source.endsWith('.md')) {
      const { html, sections } = renderMarkdown(text, resolve);
      const title = sections.find(({ heading }) => heading.level === 1)?.heading.text;
      if (title === undefined) throw new SiteError(`${source} has no heading of the first level. Add one.`);
      pages.push({ source, path, title, html, sections });
    } else pages.push(sourcePage(source, path, text));
  }
  return { pages, images: [...images] };
}

function sourcePage(source: string, path: string, text: string): Page {
  const html = `<h1>${escapeHtml(source)}</h1>\n<pre><code>${escapeHtml(text)}</code></pre>\n`;
  return { source, path, title: source, html, sections: [] };
}
