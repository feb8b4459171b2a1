import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorText } from '../client/errors.ts';
import { listenOnLoopback } from './listen.ts';
import type { PageContext, Site } from './site.ts';

export interface WebPage {
  /** The link: `http://127.0.0.1:8089/`. */
  readonly url: string;
  /** To be called after each change of the allocator; cheap. */
  readonly changed: () => void;
  readonly close: () => void;
}

/**
 * Serves the page on loopback. Port 0 selects a free port. Rejects if it cannot listen. Everything but the listener is
 * loaded at the first request, because most controllers never get one; the change history begins then.
 */
export async function serveWeb(context: PageContext, port: number): Promise<WebPage> {
  let site: Site | undefined;
  let loading: Promise<Site> | undefined;
  let isClosed = false;
  const load = async (): Promise<Site> => {
    try {
      const { createSite } = await import('./site.ts');
      site = createSite(context);
      if (isClosed) site.close();
      return site;
    } catch (error) {
      // The next request tries again.
      loading = undefined;
      throw error;
    }
  };
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      loading ??= load();
      (await loading).respond(request, response);
    } catch (error) {
      // A bug in the page must not stop the controller.
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
