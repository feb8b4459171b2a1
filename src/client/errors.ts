/** meta/v1 Status, as far as it is read: the body of every refusal, and the object of a watch's ERROR event. */
export interface ApiStatus {
  kind?: string;
  status?: string;
  code?: number;
  reason?: string;
  message?: string;
  details?: {
    name?: string;
    kind?: string;
    retryAfterSeconds?: number;
    causes?: { reason?: string; message?: string; field?: string }[];
  };
}

export type RequestVerb = 'list' | 'get' | 'create' | 'update' | 'patch' | 'delete' | 'watch';

/** What was asked: every message names it, so that a 403 says which permission is missing. */
export interface RequestInfo {
  verb: RequestVerb;
  path: string;
}

/** The API server (or a proxy before it) answered, and the answer is no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly request: RequestInfo;
  readonly status: number;
  /** The Status' machine-readable reason (`Conflict`, `Expired`…); empty where a proxy answered. */
  readonly reason: string;
  /** The server's own sentence, without what was asked. */
  readonly detail: string;
  /** The reasons of the Status' causes (`NamespaceTerminating`, `ResourceVersionTooLarge`…). */
  readonly causes: readonly string[];
  readonly retryAfterMs: number | undefined;

  constructor(asked: RequestInfo, status: number, body: ApiStatus, retryAfterMs?: number) {
    const reason = textOf(body.reason);
    const detail = textOf(body.message);
    const label = reason === '' ? `${status}` : `${status} ${reason}`;
    super(`${asked.verb} ${asked.path}: ${detail === '' ? label : `${detail} (${label})`}`);
    this.request = asked;
    this.status = status;
    this.reason = reason;
    this.detail = detail;
    const causes: unknown = body.details?.causes;
    this.causes = Array.isArray(causes)
      ? causes.map((cause: { reason?: unknown } | null) => textOf(cause?.reason))
      : [];
    const seconds: unknown = body.details?.retryAfterSeconds;
    this.retryAfterMs = retryAfterMs ?? (typeof seconds === 'number' ? seconds * 1000 : undefined);
  }
}

/** A Status comes from the network, maybe from a proxy that only looks like an API server: its types are a hope. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** There was no (whole) answer: refused, reset, timed out, cut off or unreadable. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** False only if the request surely never left: the connection was not established. */
  readonly mayHaveExecuted: boolean;

  constructor(message: string, options: { mayHaveExecuted: boolean; cause?: unknown }) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.mayHaveExecuted = options.mayHaveExecuted;
  }
}

/** Whatever was thrown below the client, as one of the two kinds of error that its callers know. */
export function asConnectionError(error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error;
  return new ConnectionError(errorText(error), { mayHaveExecuted: true, cause: error });
}

export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node joins the failures of several addresses (localhost: ::1 and 127.0.0.1) under an empty message.
  if (error instanceof AggregateError) return error.errors.map(errorText).join('; ');
  return error.message === '' ? error.name : error.message;
}
