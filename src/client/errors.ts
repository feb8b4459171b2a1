/**
 * The fields of meta/v1 Status that are read: the body of each error response, and the object of a watch's
 * ERROR event.
 */
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

/** The request: each message contains it, so that a 403 shows which permission is missing. */
export interface RequestInfo {
  verb: RequestVerb;
  path: string;
}

/** An error response of the API server, or of a proxy in front of it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly request: RequestInfo;
  readonly status: number;
  /** The machine-readable reason of the Status (`Conflict`, `Expired`…); empty for a proxy's response. */
  readonly reason: string;
  /** The message of the server, without the request. */
  readonly detail: string;
  /** The reasons of the Status' causes (`NamespaceTerminating`, `ResourceVersionTooLarge`…). */
  readonly causes: readonly string[];
  readonly retryAfterMs: number | undefined;

  constructor(info: RequestInfo, status: number, body: ApiStatus, retryAfterMs?: number) {
    const reason = textOf(body.reason);
    const detail = textOf(body.message);
    const label = reason === '' ? `${status}` : `${status} ${reason}`;
    super(`${info.verb} ${info.path}: ${detail === '' ? label : `${detail} (${label})`}`);
    this.request = info;
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

/**
 * A Status comes from the network, possibly from a proxy that imitates an API server: its types are not
 * guaranteed.
 */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** No complete response: connection refused, reset, timed out, cut off or unreadable. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** False only if the request was certainly not sent, because no connection was established. */
  readonly mayHaveExecuted: boolean;

  constructor(message: string, options: { mayHaveExecuted: boolean; cause?: unknown }) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.mayHaveExecuted = options.mayHaveExecuted;
  }
}

/** No data arrived for so long that the connection is probably dead. */
export class SilentConnection extends ConnectionError {
  /** Whether the API server was silent so briefly that its history is the same (docs/decisions/0011). */
  readonly isBrief: boolean;

  constructor(message: string, { isBrief = false }: { isBrief?: boolean } = {}) {
    super(message, { mayHaveExecuted: true });
    this.isBrief = isBrief;
  }
}

/** Converts any error thrown by a transport. */
export function asConnectionError(error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error;
  return new ConnectionError(errorText(error), { mayHaveExecuted: true, cause: error });
}

export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node reports failures of several addresses (localhost: ::1 and 127.0.0.1) with an empty message.
  if (error instanceof AggregateError) return error.errors.map(errorText).join('; ');
  return error.message === '' ? error.name : error.message;
}
