import type { KubeObject } from '../core/model/objects.ts';
import { parseRetryAfter } from './backoff.ts';
import {
  ApiError,
  type ApiStatus,
  asConnectionError,
  ConnectionError,
  errorText,
  type RequestInfo,
} from './errors.ts';
import { jsonLines } from './json-lines.ts';
import { type ListPart, type ListPartsOptions, listParts } from './list-parts.ts';
import type { Clock, HttpRequest, HttpResponse, Transport } from './transport.ts';
import { type Deadline, deadline } from './wait.ts';

/**
 * A Kubernetes API by its verbs. Every call throws an ApiError where the server said no, a ConnectionError where no
 * whole answer came, and the signal's reason once it is aborted.
 */
export interface Api {
  /** All objects, in one request, as they arrive; the last part tells the version at which these were all. */
  list(path: string, query: Query, signal: AbortSignal, options?: ListPartsOptions): AsyncIterable<ListPart>;
  get<T extends KubeObject = KubeObject>(path: string, signal: AbortSignal, limits?: Limits): Promise<T>;
  create<T extends KubeObject = KubeObject>(
    path: string,
    object: T,
    signal: AbortSignal,
    limits?: Limits,
  ): Promise<T>;
  update<T extends KubeObject = KubeObject>(
    path: string,
    object: T,
    signal: AbortSignal,
    limits?: Limits,
  ): Promise<T>;
  /** RFC 7396. */
  mergePatch<T extends KubeObject = KubeObject>(
    path: string,
    patch: object,
    signal: AbortSignal,
    limits?: Limits,
  ): Promise<T>;
  /** Only the object in this very state, if one is named; else 409. */
  delete(path: string, signal: AbortSignal, only?: Precondition, limits?: Limits): Promise<void>;
  /** Ends when the server ends it. `heard` is called for every piece of bytes, also before a line is whole. */
  watch(path: string, query: Query, signal: AbortSignal, heard?: () => void): AsyncIterable<WatchEvent>;
}

export interface Precondition {
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface Limits {
  /**
   * For this exchange, where it is less than usual; asked for when it is sent. The server is told and gives up then,
   * too, so that nothing is carried out later than that (`timeout`, apiserver's WithRequestDeadline); infinite: as usual.
   */
  leftMs: () => number;
}

export type Query = Record<string, string | number | boolean | undefined>;

export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: KubeObject }
  | { type: 'ERROR'; object: ApiStatus };

export interface ApiOptions {
  userAgent: string;
  /** The name under which writes appear in managedFields. */
  fieldManager: string;
  clock: Clock;
  /** For a whole exchange; for a watch until its answer begins. */
  requestTimeoutMs?: number;
  /** Waited for before each request: a limit of their rate. */
  admit?: (signal: AbortSignal) => Promise<void>;
  /** For a list. The API server itself gives up after a minute (`--request-timeout`). */
  listTimeoutMs?: number;
}

export function createApi(transport: Transport, options: ApiOptions): Api {
  const { clock, requestTimeoutMs = 30_000, listTimeoutMs = 75_000, admit = async () => {} } = options;
  const headers = { accept: 'application/json', 'user-agent': options.userAgent };
  const writer = { fieldManager: options.fieldManager };

  async function exchange(
    asked: RequestInfo,
    request: HttpRequest,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<unknown> {
    signal.throwIfAborted();
    const time = deadline(clock, timeoutMs, signal, `${asked.verb} ${asked.path}: no answer`);
    try {
      const response = await transport(request, time.signal);
      const text = await readText(response);
      if (response.status >= 400) throw rejection(asked, response, text, clock);
      return parseAnswer(asked, text);
    } catch (error) {
      // Whatever an aborted transport throws, the reason of the abort is what happened.
      if (time.signal.aborted) throw time.signal.reason;
      throw error instanceof ApiError ? error : asConnectionError(error);
    } finally {
      time.release();
    }
  }

  /** One object by its path, with what is written to it. */
  async function ask<T>(
    asked: RequestInfo,
    request: Omit<HttpRequest, 'path'>,
    signal: AbortSignal,
    limits: Limits | undefined,
  ): Promise<T> {
    await admit(signal);
    const leftMs = limits?.leftMs() ?? Number.POSITIVE_INFINITY;
    // To the server, 0 is no limit.
    if (leftMs <= 0)
      throw new ConnectionError(`${asked.verb} ${asked.path}: too late`, { mayHaveExecuted: false });
    const timeoutMs = Math.min(leftMs, requestTimeoutMs);
    const query: Query = {
      ...(request.method === 'GET' || request.method === 'DELETE' ? {} : writer),
      timeout: Number.isFinite(leftMs) ? `${Math.ceil(timeoutMs)}ms` : undefined,
    };
    return exchange(
      asked,
      { ...request, path: withQuery(asked.path, query) },
      signal,
      timeoutMs,
    ) as Promise<T>;
  }

  function write<T>(
    asked: RequestInfo,
    method: HttpRequest['method'],
    type: string,
    body: object,
    signal: AbortSignal,
    limits: Limits | undefined,
  ): Promise<T> {
    const request = { method, headers: { ...headers, 'content-type': type }, body: JSON.stringify(body) };
    return ask(asked, request, signal, limits);
  }

  /** An answer that is read while it arrives. `time` is over when it does not begin, or as `read` sees fit. */
  async function* stream<T>(
    asked: RequestInfo,
    query: Query,
    time: Deadline,
    read: (response: HttpResponse) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    try {
      const request: HttpRequest = { method: 'GET', path: withQuery(asked.path, query), headers };
      const response = await transport(request, time.signal);
      if (response.status >= 400) throw rejection(asked, response, await readText(response), clock);
      yield* read(response);
    } catch (error) {
      if (time.signal.aborted) throw time.signal.reason;
      if (error instanceof ApiError || error instanceof ConnectionError) throw error;
      const detail = { mayHaveExecuted: true, cause: error };
      throw new ConnectionError(`${asked.verb} ${asked.path}: ${errorText(error)}`, detail);
    } finally {
      // Also when the reader stopped in the middle: the connection is of no use to anyone else.
      time.abort(new ConnectionError(`the ${asked.verb} was left`, { mayHaveExecuted: true }));
      time.release();
    }
  }

  return {
    async *list(path, query, signal, options) {
      await admit(signal);
      signal.throwIfAborted();
      const time = deadline(clock, listTimeoutMs, signal, `list ${path}: no answer`);
      yield* stream({ verb: 'list', path }, query, time, ({ body }) => listParts(body, options));
    },
    get: (path, signal, limits) => ask({ verb: 'get', path }, { method: 'GET', headers }, signal, limits),
    create: (path, object, signal, limits) =>
      write({ verb: 'create', path }, 'POST', 'application/json', object, signal, limits),
    update: (path, object, signal, limits) =>
      write({ verb: 'update', path }, 'PUT', 'application/json', object, signal, limits),
    mergePatch: (path, patch, signal, limits) =>
      write({ verb: 'patch', path }, 'PATCH', 'application/merge-patch+json', patch, signal, limits),
    async delete(path, signal, only, limits) {
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: only };
      const sent =
        only === undefined
          ? { headers }
          : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
      await ask({ verb: 'delete', path }, { method: 'DELETE', ...sent }, signal, limits);
    },
    async *watch(path, query, signal, heard) {
      await admit(signal);
      signal.throwIfAborted();
      const asked: RequestInfo = { verb: 'watch', path };
      const time = deadline(clock, requestTimeoutMs, signal, `watch ${path}: no answer`);
      yield* stream(asked, { ...query, watch: true }, time, async function* ({ body }) {
        time.lift();
        heard?.();
        for await (const line of jsonLines(overheard(body, heard))) yield readEvent(asked, line);
      });
    },
  };
}

/** Parameters in their given order; those that are undefined are left out. */
export function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`);
  if (pairs.length === 0) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${pairs.join('&')}`;
}

async function readText(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parseAnswer(asked: RequestInfo, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const start = text.trim().slice(0, 80);
    throw new ConnectionError(`${asked.verb} ${asked.path}: the answer is not JSON: ${start}`, {
      mayHaveExecuted: true,
      cause,
    });
  }
}

/** A Status where the API server refused; whatever a proxy before it says, in one line, where that one did. */
function rejection(asked: RequestInfo, response: HttpResponse, text: string, clock: Clock): ApiError {
  const retryAfterMs = parseRetryAfter(response.headers, clock.wall());
  return new ApiError(asked, response.status, readStatus(text), retryAfterMs);
}

function readStatus(text: string): ApiStatus {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value) && value.kind === 'Status') return value as ApiStatus;
  } catch {
    // Not JSON: the text itself is the message.
  }
  const message = text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  return { message: message.trim().slice(0, 200) };
}

const EVENT_TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

function readEvent(asked: RequestInfo, line: unknown): WatchEvent {
  if (isRecord(line) && EVENT_TYPES.has(line.type) && isRecord(line.object)) {
    if (line.type === 'ERROR' || isRecord(line.object.metadata)) return line as unknown as WatchEvent;
  }
  throw new ConnectionError(`${asked.verb} ${asked.path}: a line is not a watch event`, {
    mayHaveExecuted: true,
  });
}

async function* overheard(
  body: AsyncIterable<Uint8Array>,
  heard: (() => void) | undefined,
): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    heard?.();
    yield chunk;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
