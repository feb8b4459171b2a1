import { listenOnLoopback } from './listen.ts';
import { createSite, type Shown } from './site.ts';

export interface WebPage {
  /** The link: `http://127.0.0.1:8089/`. */
  readonly url: string;
  /** To be called after each change of what the allocator knows; costs nothing by itself. */
  readonly changed: () => void;
  readonly close: () => void;
}

/** Serves the page on loopback; port 0 is a free one. Rejects with a sentence where it cannot listen. */
export async function serveWeb(shown: Shown, port: number): Promise<WebPage> {
  const site = createSite(shown);
  const { url, close } = await listenOnLoopback(port, site.respond);
  return {
    url: `${url}/`,
    changed: site.changed,
    close() {
      site.close();
      close();
    },
  };
}
