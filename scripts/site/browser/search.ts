/** The search of the site. It works from disk: the sections come from a script, and the index is built in the browser. */

import MiniSearch, { type SearchResult } from 'minisearch';
import type { SearchSection } from './search-section.ts';

declare global {
  var siteSections: readonly SearchSection[] | undefined;
}

const root = document.documentElement.dataset.root ?? '';
const excerptLength = 160;
const limit = 12;
/** So that one page doesn't hide all others. */
const limitPerPage = 4;

/** So that "sharing", "shared" and "shares" find each other. */
function stem(term: string): string {
  const word = term.toLowerCase();
  if (word.length < 5) return word;
  return word
    .replace(/(ss)es$/, '$1')
    .replace(/([^s])s$/, '$1')
    .replace(/(?:ing|ed|e)$/, '');
}

let loading: Promise<MiniSearch<SearchSection>> | undefined;

function loadIndex(): Promise<MiniSearch<SearchSection>> {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${root}search-data.js`;
    script.onload = () => resolve(indexOf(globalThis.siteSections ?? []));
    script.onerror = reject;
    document.head.append(script);
  });
  return loading;
}

function indexOf(sections: readonly SearchSection[]): MiniSearch<SearchSection> {
  const index = new MiniSearch<SearchSection>({
    idField: 'href',
    fields: ['page', 'heading', 'text'],
    storeFields: ['page', 'heading', 'href', 'text'],
    processTerm: stem,
    searchOptions: {
      prefix: true,
      boost: { page: 3, heading: 2 },
      // A page itself comes before its sections.
      boostDocument: (_id, _term, stored) => (stored?.heading === '' ? 1.5 : 1),
    },
  });
  index.addAll(sections);
  return index;
}

/** Sections with all words, or if there are none, with some. */
function find(index: MiniSearch<SearchSection>, query: string): SearchResult[] {
  const all = index.search(query, { combineWith: 'AND' });
  const found = all.length > 0 ? all : index.search(query, { combineWith: 'OR' });
  const counts = new Map<string, number>();
  const isShown = ({ page }: SearchResult): boolean => {
    const count = (counts.get(page) ?? 0) + 1;
    counts.set(page, count);
    return count <= limitPerPage;
  };
  return found.filter(isShown).slice(0, limit);
}

/** The part of the text around the first match, with the matches marked. */
function excerpt(text: string, words: readonly string[]): Node[] {
  const escaped = words.map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})[\\p{L}\\p{N}]*`, 'giu');
  const at = Math.max(0, text.search(pattern));
  const start = at < 40 ? 0 : Math.min(at, text.indexOf(' ', at - 40) + 1);
  const isLong = text.length > start + excerptLength;
  const end = isLong ? text.lastIndexOf(' ', start + excerptLength) : text.length;
  const shown = text.slice(start, end > start ? end : start + excerptLength);
  const nodes: Node[] = [new Text(start > 0 ? '… ' : '')];
  let from = 0;
  for (const match of shown.matchAll(pattern)) {
    const mark = document.createElement('mark');
    mark.textContent = match[0];
    nodes.push(new Text(shown.slice(from, match.index)), mark);
    from = match.index + match[0].length;
  }
  nodes.push(new Text(shown.slice(from) + (isLong ? ' …' : '')));
  return nodes;
}

function itemOf({ page, heading, href, text, terms }: SearchResult): HTMLLIElement {
  const link = document.createElement('a');
  link.href = root + href;
  link.textContent = heading === '' ? page : `${page} › ${heading}`;
  const around = document.createElement('p');
  around.append(...excerpt(text, terms));
  const item = document.createElement('li');
  item.append(link, around);
  return item;
}

/** Only boxes that scroll can get the focus, so that the keyboard can scroll them. */
function focusScrollers(): void {
  for (const box of document.querySelectorAll<HTMLElement>('pre, .table')) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  }
}

function start(input: HTMLInputElement, list: HTMLElement, status: HTMLElement): void {
  const show = async (): Promise<void> => {
    const query = input.value.trim();
    const results = query === '' ? [] : find(await loadIndex(), query);
    // Another query may have been typed while the index was built.
    if (query !== input.value.trim()) return;
    list.replaceChildren(...results.map(itemOf));
    list.hidden = results.length === 0;
    list.dataset.query = query;
    status.textContent = query === '' || results.length > 0 ? '' : 'No section contains these words.';
  };
  const warn = (): void => {
    status.textContent = 'The search data cannot be read. Build the site again.';
  };
  input.addEventListener('focus', () => void loadIndex().catch(warn));
  input.addEventListener('input', () => void show().catch(warn));
  input.addEventListener('keydown', ({ key }) => {
    if (key === 'Enter') void show().then(() => list.querySelector('a')?.click(), warn);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !list.hidden) {
      input.value = '';
      input.focus();
      void show();
    }
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
  });
  list.addEventListener('click', (event) => {
    // A result on the same page only moves to its anchor.
    if (event.target instanceof HTMLAnchorElement) list.hidden = true;
  });
}

const input = document.querySelector<HTMLInputElement>('#search');
const list = document.querySelector<HTMLElement>('#results');
const status = document.querySelector<HTMLElement>('#search-status');
if (input !== null && list !== null && status !== null) start(input, list, status);
addEventListener('resize', focusScrollers);
focusScrollers();
