/** Where words go; what they look like (lines for a terminal, JSON for a collector) is decided by who passes one in. */
export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}
