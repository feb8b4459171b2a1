/** Where words go; what they look like (lines for a terminal, JSON for a collector) is decided by who passes one in. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * Every field that a line may have beside its time, level and message: who collects lines relies on their names, so
 * there is one name for a thing, and docs/logs.md has them all.
 */
export type LogFields = {
  readonly [Name in LogField]?: string | number | boolean | undefined;
};

export type LogField = DecisionField | RequestField | StartField | StateField;

/** About a Service and what became of it. */
type DecisionField = 'service' | 'decision' | 'reason' | 'cause' | 'addresses' | 'source' | 'manager';

/** About the API server: what was asked, and how it went. */
type RequestField =
  | 'error'
  | 'retryInMs'
  | 'address'
  | 'method'
  | 'path'
  | 'fieldSelector'
  | 'status'
  | 'ms'
  | 'dropped';

/** What runs. */
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
