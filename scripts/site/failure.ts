/** The documents cannot become a site. The message says which one, and what to fix. */
export class SiteError extends Error {}
