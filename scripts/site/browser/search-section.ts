/** A section of a page, in search-data.js. */
export interface SearchSection {
  /** The title of the page. */
  readonly page: string;
  /** Empty for the beginning of the page. */
  readonly heading: string;
  /** Relative to the root of the site. */
  readonly href: string;
  readonly text: string;
}
