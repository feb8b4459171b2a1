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
 * The verbs of the Kubernetes API. Each call throws an ApiError if the server rejects the request, a
 * ConnectionError if no complete response arrives, and the signal's reason once it is aborted.
 */
export interface Api {
  /**
   * All objects, in one request, yielded as they arrive. The last part has the resourceVersion of the list.
   */
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
  /** With preconditions, the server answers 409 if the object is in another state. */
  delete(path: string, signal: AbortSignal, preconditions?: Precondition, limits?: Limits): Promise<void>;
  /**
   * Ends when the server ends it. `onBytes` is called for each chunk, including a chunk that does not
   * complete a line.
   */
  watch(path: string, query: Query, signal: AbortSignal, onBytes?: () => void): AsyncIterable<WatchEvent>;
  /** The body of a response that is not an object, such as the log of a container, as it arrives. */
  read(path: string, query: Query, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface Precondition {
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface Limits {
  /**
   * Shortens the timeout of this request; read when the request is sent. The server receives the timeout too
   * and gives up shortly before, so that nothing executes later (`timeout`, apiserver's WithRequestDeadline). Infinity
   * keeps the default.
   */
  remainingMs: () => number;
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
  /** For request and response; for a watch, until the response begins. */
  requestTimeoutMs?: number;
  /** Awaited before each request, to limit the rate. */
  admit?: (signal: AbortSignal) => Promise<void>;
  /** For a list. The API server itself gives up after a minute (`--request-timeout`). */
  listTimeoutMs?: number;
}

export function createApi(transport: Transport, options: ApiOptions): Api {
  const { clock, requestTimeoutMs = 30_000, listTimeoutMs = 75_000, admit = async () => {} } = options;
  const headers = { accept: 'application/json', 'user-agent': options.userAgent };
  const writer = { fieldManager: options.fieldManager };

  async function exchange(
    info: RequestInfo,
    request: HttpRequest,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<unknown> {
    signal.throwIfAborted();
    const timer = deadline(clock, timeoutMs, signal, `${info.verb} ${info.path}: no response`);
    try {
      const response = await transport(request, timer.signal);
      const text = await readText(response);
      if (response.status >= 400) throw apiError(info, response, text, clock);
      return parseBody(info, text);
    } catch (error) {
      // An aborted transport may throw anything; the abort reason is the actual cause.
      if (timer.signal.aborted) throw timer.signal.reason;
      throw error instanceof ApiError ? error : asConnectionError(error);
    } finally {
      timer.release();
    }
  }

  /** Reads or writes one object. */
  async function send<T>(
    info: RequestInfo,
    request: Omit<HttpRequest, 'path'>,
    signal: AbortSignal,
    limits: Limits | undefined,
  ): Promise<T> {
    await admit(signal);
    const remainingMs = limits?.remainingMs() ?? Number.POSITIVE_INFINITY;
    // The server reads 0 as no limit.
    if (remainingMs <= 0)
      throw new ConnectionError(`${info.verb} ${info.path}: the deadline has passed`, {
        mayHaveExecuted: false,
      });
    const timeoutMs = Math.min(remainingMs, requestTimeoutMs);
    const query: Query = {
      ...(request.method === 'GET' || request.method === 'DELETE' ? {} : writer),
      timeout: Number.isFinite(remainingMs) ? `${serverTimeoutMs(timeoutMs)}ms` : undefined,
    };
    return exchange(info, { ...request, path: withQuery(info.path, query) }, signal, timeoutMs) as Promise<T>;
  }

  function write<T>(
    info: RequestInfo,
    method: HttpRequest['method'],
    type: string,
    body: object,
    signal: AbortSignal,
    limits: Limits | undefined,
  ): Promise<T> {
    const request = { method, headers: { ...headers, 'content-type': type }, body: JSON.stringify(body) };
    return send(info, request, signal, limits);
  }

  /**
   * Reads a response while it arrives. `timer` expires if it does not begin in time, or as `read` decides.
   */
  async function* stream<T>(
    info: RequestInfo,
    query: Query,
    timer: Deadline,
    read: (response: HttpResponse) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    try {
      const request: HttpRequest = { method: 'GET', path: withQuery(info.path, query), headers };
      const response = await transport(request, timer.signal);
      if (response.status >= 400) throw apiError(info, response, await readText(response), clock);
      yield* read(response);
    } catch (error) {
      if (timer.signal.aborted) throw timer.signal.reason;
      if (error instanceof ApiError || error instanceof ConnectionError) throw error;
      const detail = { mayHaveExecuted: true, cause: error };
      throw new ConnectionError(`${info.verb} ${info.path}: ${errorText(error)}`, detail);
    } finally {
      // Also if the reader stopped early: the connection cannot be reused then.
      timer.abort(new ConnectionError(`the reader stopped the ${info.verb}`, { mayHaveExecuted: true }));
      timer.release();
    }
  }

  return {
    async *list(path, query, signal, options) {
      await admit(signal);
      signal.throwIfAborted();
      const timer = deadline(clock, listTimeoutMs, signal, `list ${path}: no response`);
      yield* stream({ verb: 'list', path }, query, timer, ({ body }) => listParts(body, options));
    },
    get: (path, signal, limits) => send({ verb: 'get', path }, { method: 'GET', headers }, signal, limits),
    create: (path, object, signal, limits) =>
      write({ verb: 'create', path }, 'POST', 'application/json', object, signal, limits),
    update: (path, object, signal, limits) =>
      write({ verb: 'update', path }, 'PUT', 'application/json', object, signal, limits),
    mergePatch: (path, patch, signal, limits) =>
      write({ verb: 'patch', path }, 'PATCH', 'application/merge-patch+json', patch, signal, limits),
    async delete(path, signal, preconditions, limits) {
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions };
      const sent =
        preconditions === undefined
          ? { headers }
          : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
      await send({ verb: 'delete', path }, { method: 'DELETE', ...sent }, signal, limits);
    },
    async *watch(path, query, signal, onBytes) {
      await admit(signal);
      signal.throwIfAborted();
      const info: RequestInfo = { verb: 'watch', path };
      const timer = deadline(clock, requestTimeoutMs, signal, `watch ${path}: no response`);
      yield* stream(info, { ...query, watch: true }, timer, async function* ({ body }) {
        timer.lift();
        onBytes?.();
        for await (const line of jsonLines(reportBytes(body, onBytes))) yield readEvent(info, line);
      });
    },
    async *read(path, query, signal) {
      await admit(signal);
      signal.throwIfAborted();
      const timer = deadline(clock, requestTimeoutMs, signal, `get ${path}: no response`);
      yield* stream({ verb: 'get', path }, query, timer, async function* ({ body }) {
        timer.lift();
        yield* body;
      });
    },
  };
}

/**
 * The server gives up shortly before the client, so that its answer still arrives. If none arrives, then the connection
 * is to blame, and not the server. At least 1, because the server reads 0 as no limit.
 */
function serverTimeoutMs(timeoutMs: number): number {
  return Math.max(1, Math.floor(timeoutMs - Math.min(timeoutMs / 10, 500)));
}

/** Keeps the order of the parameters and omits undefined ones. */
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

function parseBody(info: RequestInfo, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const start = text.trim().slice(0, 80);
    throw new ConnectionError(`${info.verb} ${info.path}: the response is not JSON: ${start}`, {
      mayHaveExecuted: true,
      cause,
    });
  }
}

/** Uses the Status of the API server, or the text of a proxy in front of it, as one line. */
function apiError(info: RequestInfo, response: HttpResponse, text: string, clock: Clock): ApiError {
  const retryAfterMs = parseRetryAfter(response.headers, clock.wall());
  return new ApiError(info, response.status, readStatus(text), retryAfterMs);
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

function readEvent(info: RequestInfo, line: unknown): WatchEvent {
  if (isRecord(line) && EVENT_TYPES.has(line.type) && isRecord(line.object)) {
    if (line.type === 'ERROR' || isRecord(line.object.metadata)) return line as unknown as WatchEvent;
  }
  throw new ConnectionError(`${info.verb} ${info.path}: a line is not a watch event`, {
    mayHaveExecuted: true,
  });
}

async function* reportBytes(
  body: AsyncIterable<Uint8Array>,
  onBytes: (() => void) | undefined,
): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    onBytes?.();
    yield chunk;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
