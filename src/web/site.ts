import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../client/transport.ts';
import type { Allocator } from '../core/decide/allocator.ts';
import type { Options } from '../core/model/options.ts';
import { printable } from '../core/text/quote.ts';
import { rejectionOf, safeHeaders } from './guard.ts';
import { Live } from './live.ts';
import type { News, Role } from './page-data.ts';
import { pageFiles } from './page-files.ts';
import {
  addressIn,
  foundIn,
  mostChangesTold,
  NoAnswer,
  overviewIn,
  poolIn,
  serviceIn,
} from './page-queries.ts';
import { takeSnapshot } from './page-snapshot.ts';

/** What is shown. */
export interface Shown {
  readonly allocator: Allocator;
  readonly options: Options;
  readonly clock: Clock;
  readonly version: string;
  /** Asked again and again: a replica may come to lead. */
  readonly role: () => Role;
}

export interface Site {
  readonly respond: (request: IncomingMessage, response: ServerResponse) => void;
  /** To be called after each change of what the allocator knows; costs nothing by itself. */
  readonly changed: () => void;
  readonly close: () => void;
}

interface PageResponse {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** The page and what it asks for. Reads, and changes nothing. */
export function createSite(shown: Shown): Site {
  const { allocator, options, clock, version, role } = shown;
  const files = pageFiles();
  const live = new Live({ take: () => takeSnapshot(allocator, options), role, clock });
  const { namespace, name } = options.configMap;

  const world = (): object => ({
    ...overviewIn(live.snapshot),
    version,
    role: role(),
    configMap: `${namespace}/${name}`,
    changes: live.history.changes.slice(0, mostChangesTold),
    since: live.history.since,
  });

  /** Undefined where there is nothing of that path. */
  const valueAt = ([what, ...names]: readonly string[], query: URLSearchParams): object | undefined => {
    const [first = '', second = ''] = names;
    switch (`${what}/${names.length}`) {
      case 'world/0':
        return world();
      case 'services/0':
        return foundIn(live.snapshot, query.get('q') ?? '');
      case 'pool/1':
        return poolIn(live.snapshot, first, query.get('range') ?? undefined);
      case 'address/1':
        return addressIn(live.snapshot, first);
      case 'service/2':
        return serviceIn(live.snapshot, `${first}/${second}`);
      default:
        return undefined;
    }
  };

  const answerTo = (url: string): PageResponse => {
    const [path = '', query = ''] = url.split('?', 2);
    const file = Object.hasOwn(files, path) ? files[path] : undefined;
    if (file !== undefined) return { status: 200, ...file };
    const none: PageResponse = { status: 404, ...plain('There is nothing here. The page is at /.\n') };
    if (!path.startsWith('/api/')) return none;
    try {
      const parts = path.slice('/api/'.length).split('/').map(decodeURIComponent);
      const value = valueAt(parts, new URLSearchParams(query));
      return value === undefined ? none : { status: 200, ...json(value) };
    } catch (error) {
      if (error instanceof NoAnswer) return { status: error.status, ...json({ error: error.message }) };
      if (error instanceof URIError) return { status: 400, ...json({ error: 'the path cannot be read.' }) };
      // A bug in the telling is no reason to end the work that is told of.
      return { status: 500, ...json({ error: String(error) }) };
    }
  };

  return {
    respond(request, response) {
      const rejection = rejectionOf(request);
      const { url = '' } = request;
      if (rejection === undefined && url === '/api/news') return tellNews(live, request, response);
      const { status, type, text } =
        rejection === undefined ? answerTo(url) : { status: rejection.status, ...plain(rejection.text) };
      const length = Buffer.byteLength(text);
      // Which news the answer has heard of already.
      const revision = live.news.revision;
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

/** Server-sent events: what is new is asked for by whoever hears of it. */
function tellNews(live: Live, request: IncomingMessage, response: ServerResponse): void {
  const tell = (news: News): void => {
    // Who does not read hears of the next change only.
    if (response.writableLength === 0) response.write(`data: ${JSON.stringify(news)}\n\n`);
  };
  const head = { ...safeHeaders, 'content-type': 'text/event-stream' };
  if (request.method === 'HEAD') {
    response.writeHead(200, head).end();
    return;
  }
  const end = live.follow(tell);
  if (end === undefined) {
    response.writeHead(503, { ...safeHeaders, 'content-type': 'text/plain; charset=utf-8' });
    response.end('Too many listen already: close another one.\n');
    return;
  }
  response.once('close', end);
  response.writeHead(200, head);
  tell(live.news);
}

function plain(text: string): { type: string; text: string } {
  return { type: 'text/plain; charset=utf-8', text };
}

/** Texts are of whoever wrote the Services: letters that cannot be seen, or that turn a line around, are shown as escapes. */
function json(value: object): { type: string; text: string } {
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? shortened(part) : part,
  );
  return { type: 'application/json; charset=utf-8', text };
}

const longest = 2_000;

function shortened(text: string): string {
  const shown = printable(text.slice(0, longest));
  return text.length > longest ? `${shown} ... (and ${text.length - longest} characters more)` : shown;
}
