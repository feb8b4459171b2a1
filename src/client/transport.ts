/**
 * Sends one HTTP request to the API server. The client above knows Kubernetes, the code below knows sockets.
 * Tests substitute their own server, broken connections or virtual time.
 */
export type Transport = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path with query, encoded: `/api/v1/services?limit=500`. */
  path: string;
  /** Lowercase names. The transport adds authorization. */
  headers: Record<string, string>;
  body?: string;
}

export interface HttpResponse {
  status: number;
  /** Lowercase names. */
  headers: Record<string, string>;
  /** Ends with the response; throws if the connection breaks. To stop reading early, abort the signal. */
  body: AsyncIterable<Uint8Array>;
}

/** The connections below a transport. */
export interface Connections {
  /** Closes the unused ones. */
  closeIdle(): void;
  /** Calls `then` whenever an unused or reused connection turns out to be dead. */
  onDead(then: () => void): void;
}

/**
 * Registers a function to call when the API server answers again after an outage, and returns a function that removes
 * it.
 */
export type OnRecovered = (then: () => void) => () => void;

/** The source of time, so that tests can replace it. */
export interface Clock {
  /** Monotonic milliseconds; only differences are meaningful. */
  now(): number;
  /** Milliseconds since 1970, for timestamps that leave the process. */
  wall(): number;
  /** Calls `then` once after `ms` milliseconds, unless the returned function is called first. */
  after(ms: number, then: () => void): () => void;
}

/** Returns a number in [0, 1), like Math.random. */
export type Random = () => number;
