import type { SearchSection } from './browser/search-section.ts';
import type { Page } from './pages.ts';

/** The sections of all pages, as the search in the browser reads them. */
export function searchSections(pages: readonly Page[]): SearchSection[] {
  return pages.flatMap(({ path, title, sections }) =>
    sections.map(({ heading: { level, text: heading, anchor }, text }) => ({
      page: title,
      heading: level === 1 ? '' : heading,
      href: level === 1 ? path : `${path}#${anchor}`,
      text,
    })),
  );
}
