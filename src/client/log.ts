/** The sink of log messages; its implementation decides on the format (text or JSON). */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * Every field that a log line may have in addition to time, level and message. Log pipelines rely on the
 * names, so each thing has one name, and docs/logs.md lists them all.
 */
export type LogFields = {
  readonly [Name in LogField]?: string | number | boolean | undefined;
};

export type LogField = DecisionField | RequestField | StartField | StateField;

/** A Service and the decision on it. */
type DecisionField =
  | 'service'
  | 'decision'
  | 'reason'
  | 'cause'
  | 'addresses'
  | 'previous'
  | 'source'
  | 'holder'
  | 'holders'
  | 'part'
  | 'parts'
  | 'manager';

/** Requests to the API server. */
type RequestField =
  | 'error'
  | 'refusal'
  | 'retryInMs'
  | 'address'
  | 'method'
  | 'path'
  | 'fieldSelector'
  | 'status'
  | 'ms'
  | 'dropped';

/** The running program. */
type StartField = 'version' | 'server' | 'class' | 'controller' | 'claims';

/** The pools and the Lease. */
type StateField =
  | 'configMap'
  | 'pools'
  | 'problems'
  | 'pool'
  | 'size'
  | 'used'
  | 'free'
  | 'lease'
  | 'identity';
