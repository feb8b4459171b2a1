/**
 * The bytes' way to an API server, as one function: the client above it knows Kubernetes, the code below it sockets.
 * A test puts a server of its own, a cut connection or virtual time behind the same type.
 */
export type Transport = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path with its query, already encoded: `/api/v1/services?limit=500`. */
  path: string;
  /** Lower-case names. Authorization is the transport's. */
  headers: Record<string, string>;
  body?: string;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  /** Ends when the server ended it; throws when the connection broke. To stop reading early, abort the signal. */
  body: AsyncIterable<Uint8Array>;
}

/** The edge's time, so that everything above it can run under another clock. */
export interface Clock {
  /** Milliseconds; only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970, for time stamps that leave the process. */
  wall(): number;
  /** Calls `then` once after `ms` milliseconds, unless the returned function was called first. */
  after(ms: number, then: () => void): () => void;
}

/** A number in [0, 1), as Math.random. */
export type Random = () => number;
