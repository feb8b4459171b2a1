import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorText } from '../client/errors.ts';
import { listenOnLoopback } from './listen.ts';
import type { Shown, Site } from './site.ts';

export interface WebPage {
  /** The link: `http://127.0.0.1:8089/`. */
  readonly url: string;
  /** To be called after each change of what the allocator knows; costs nothing by itself. */
  readonly changed: () => void;
  readonly close: () => void;
}

/**
 * Serves the page on loopback; port 0 is a free one. Rejects with a sentence where it cannot listen. All but the listening
 * comes into memory with the first request: in a cluster hardly anybody looks, and what changed lately begins then.
 */
export async function serveWeb(shown: Shown, port: number): Promise<WebPage> {
  let site: Site | undefined;
  let coming: Promise<Site> | undefined;
  let isClosed = false;
  const load = async (): Promise<Site> => {
    try {
      const { createSite } = await import('./site.ts');
      site = createSite(shown);
      if (isClosed) site.close();
      return site;
    } catch (error) {
      // The next request tries again.
      coming = undefined;
      throw error;
    }
  };
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      coming ??= load();
      (await coming).respond(request, response);
    } catch (error) {
      // A bug in the telling is no reason to end the work that is told of.
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(`${errorText(error)}\n`);
    }
  };
  const { url, close } = await listenOnLoopback(port, (request, response) => void respond(request, response));
  return {
    url: `${url}/`,
    changed: () => site?.changed(),
    close() {
      isClosed = true;
      site?.close();
      close();
    },
  };
}
