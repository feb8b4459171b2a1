import type { Log, LogFields } from '../../src/client/log.ts';

export interface MemoryLog extends Log {
  /** `warn: message`, in order. */
  lines: string[];
  /** The fields of each line. */
  fields: LogFields[];
}

export function createMemoryLog(): MemoryLog {
  const lines: string[] = [];
  const all: LogFields[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push(`${level}: ${message}`);
      all.push(fields);
    };
  return { lines, fields: all, info: at('info'), warn: at('warn'), error: at('error') };
}
