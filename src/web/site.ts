import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../client/transport.ts';
import type { Allocator } from '../core/decide/allocator.ts';
import type { Options } from '../core/model/options.ts';
import { printable } from '../core/text/quote.ts';
import { rejectionOf, safeHeaders } from './guard.ts';
import { LiveSnapshot } from './live.ts';
import type { PageUpdate, Role } from './page-data.ts';
import { pageFiles } from './page-files.ts';
import {
  findAddress,
  findPool,
  findService,
  maxChanges,
  overviewOf,
  QueryError,
  search,
} from './page-queries.ts';
import { type PageSnapshot, takeSnapshot } from './page-snapshot.ts';

export interface PageContext {
  readonly allocator: Allocator;
  readonly options: Options;
  readonly clock: Clock;
  readonly version: string;
  /** Called for each response: leadership may change. */
  readonly role: () => Role;
}

export interface Site {
  readonly respond: (request: IncomingMessage, response: ServerResponse) => void;
  /** To be called after each change of the allocator; cheap. */
  readonly changed: () => void;
  readonly close: () => void;
}

interface PageResponse {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** The page's files and its API. Read-only. */
export function createSite(context: PageContext): Site {
  const { allocator, options, clock, version, role } = context;
  const files = pageFiles();
  let latest: PageSnapshot | undefined;
  const take = (): PageSnapshot => {
    latest = takeSnapshot(allocator, options, clock.now(), latest);
    return latest;
  };
  const live = new LiveSnapshot({ take, role, clock });
  const { namespace, name } = options.configMap;

  const overview = (): object => ({
    ...overviewOf(live.snapshot),
    version,
    role: role(),
    configMap: `${namespace}/${name}`,
    changes: live.history.changes.slice(0, maxChanges),
    since: live.history.since,
  });

  /** Undefined for an unknown path. */
  const query = (
    [resource, ...names]: readonly string[],
    parameters: URLSearchParams,
  ): object | undefined => {
    const [first = '', second = ''] = names;
    switch (`${resource}/${names.length}`) {
      case 'overview/0':
        return overview();
      case 'services/0':
        return search(live.snapshot, parameters.get('q') ?? '');
      case 'pool/1':
        return findPool(live.snapshot, first, parameters.get('range') ?? undefined);
      case 'address/1':
        return findAddress(live.snapshot, first);
      case 'service/2':
        return findService(live.snapshot, `${first}/${second}`, clock.now());
      default:
        return undefined;
    }
  };

  const responseTo = (url: string): PageResponse => {
    const [path = '', parameters = ''] = url.split('?', 2);
    const file = Object.hasOwn(files, path) ? files[path] : undefined;
    if (file !== undefined) return { status: 200, ...file };
    const notFound: PageResponse = { status: 404, ...plain('Not found. Open the page at /.\n') };
    if (!path.startsWith('/api/')) return notFound;
    try {
      const parts = path.slice('/api/'.length).split('/').map(decodeURIComponent);
      const value = query(parts, new URLSearchParams(parameters));
      return value === undefined ? notFound : { status: 200, ...json(value) };
    } catch (error) {
      if (error instanceof QueryError) return { status: error.status, ...json({ error: error.message }) };
      if (error instanceof URIError)
        return { status: 400, ...json({ error: 'The path contains an invalid percent-encoding.' }) };
      // A bug in the page must not stop the controller.
      return { status: 500, ...json({ error: String(error) }) };
    }
  };

  return {
    respond(request, response) {
      const rejection = rejectionOf(request);
      const { url = '' } = request;
      if (rejection === undefined && url === '/api/updates') return streamUpdates(live, request, response);
      const { status, type, text } =
        rejection === undefined ? responseTo(url) : { status: rejection.status, ...plain(rejection.text) };
      const length = Buffer.byteLength(text);
      // The page compares it with the revision of the latest update.
      const { revision } = live.update;
      response.writeHead(status, {
        ...safeHeaders,
        'content-type': type,
        'content-length': length,
        'x-revision': revision,
      });
      response.end(request.method === 'HEAD' ? undefined : text);
    },
    changed: () => live.changed(),
    close: () => live.close(),
  };
}

/** Server-sent events. They announce a revision; the page then requests the data. */
function streamUpdates(live: LiveSnapshot, request: IncomingMessage, response: ServerResponse): void {
  const send = (update: PageUpdate): void => {
    // A slow reader skips updates instead of filling the buffer.
    if (response.writableLength === 0) response.write(`data: ${JSON.stringify(update)}\n\n`);
  };
  const headers = { ...safeHeaders, 'content-type': 'text/event-stream' };
  if (request.method === 'HEAD') {
    response.writeHead(200, headers).end();
    return;
  }
  const unsubscribe = live.subscribe(send);
  if (unsubscribe === undefined) {
    response.writeHead(503, { ...safeHeaders, 'content-type': 'text/plain; charset=utf-8' });
    response.end('Too many pages are open. Close one and try again.\n');
    return;
  }
  response.once('close', unsubscribe);
  response.writeHead(200, headers);
  send(live.update);
}

function plain(text: string): { type: string; text: string } {
  return { type: 'text/plain; charset=utf-8', text };
}

/** Text from Services is untrusted: invisible and bidirectional control characters are escaped, long text is cut. */
function json(value: object): { type: string; text: string } {
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? shortened(part) : part,
  );
  return { type: 'application/json; charset=utf-8', text };
}

const maxLength = 2_000;

function shortened(text: string): string {
  const shown = printable(text.slice(0, maxLength));
  return text.length > maxLength ? `${shown} ... (${text.length - maxLength} more characters)` : shown;
}
