import { escapeHtml } from './html.ts';
import type { NavigationGroup, NavigationItem } from './navigation.ts';
import type { Page } from './pages.ts';
import { pagePath, relativeLink } from './paths.ts';

export interface Site {
  readonly name: string;
  readonly version: string;
  readonly navigation: readonly NavigationGroup[];
  /** The titles of the pages, by document. */
  readonly titles: ReadonlyMap<string, string>;
}

/** The whole HTML of a page. All addresses are relative, so the site works in any folder, from disk, too. */
export function htmlOf(page: Page, site: Site): string {
  const to = (path: string): string => relativeLink(page.path, path);
  const home = to('index.html');
  const title = page.path === 'index.html' ? site.name : `${page.title} · ${site.name}`;
  return `<!doctype html>
<html lang="en" data-root="${home.replace(/index\.html$/, '')}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${to('icon.svg')}">
<link rel="stylesheet" href="${to('site.css')}">
<script src="${to('search.js')}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="home" href="${home}">${escapeHtml(site.name)}</a>
<a class="menu" href="#pages">All pages</a>
<search>
<input id="search" type="search" placeholder="Search ( / )" aria-label="Search" autocomplete="off" spellcheck="false">
<p id="search-status" role="status"></p>
<ol id="results" aria-label="Search results" hidden></ol>
</search>
</header>
<main id="content" tabindex="-1">
${page.html}<footer>${escapeHtml(`${site.name} ${site.version}, ${page.source}`)}</footer>
</main>
${contentsOf(page)}<nav id="pages" aria-label="All pages">
${site.navigation.map((group) => groupHtml(group, page, site)).join('')}</nav>
</body>
</html>
`;
}

/** The headings of the second level, if there are several. */
function contentsOf({ sections }: Page): string {
  const headings = sections.map(({ heading }) => heading).filter(({ level }) => level === 2);
  if (headings.length < 2) return '';
  const items = headings.map(({ anchor, text }) => `<li><a href="#${anchor}">${escapeHtml(text)}</a></li>\n`);
  return `<nav class="contents" aria-label="On this page">\n<ul>\n${items.join('')}</ul>\n</nav>\n`;
}

function groupHtml({ title, items }: NavigationGroup, page: Page, site: Site): string {
  const isOnly = items.length === 1;
  const list = items.map((item) => itemHtml(item, page, site, isOnly)).join('');
  return `<h2 class="group">${escapeHtml(title)}</h2>\n<ul>\n${list}</ul>\n`;
}

/** The documents in a folder are shown on its pages, and with `isOpen` everywhere. */
function itemHtml({ source, children }: NavigationItem, page: Page, site: Site, isOpen = false): string {
  const current = source === page.source ? ' aria-current="page"' : '';
  const title = escapeHtml(site.titles.get(source) ?? source);
  const link = `<a href="${relativeLink(page.path, pagePath(source))}"${current}>${title}</a>`;
  const isInside = [source, ...children.map((child) => child.source)].includes(page.source);
  const inside = isOpen || isInside ? children.map((child) => itemHtml(child, page, site)).join('') : '';
  return `<li>${link}${inside === '' ? '' : `\n<ul>\n${inside}</ul>\n`}</li>\n`;
}
