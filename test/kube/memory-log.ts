import type { Log, LogFields } from '../../src/kube/log.ts';

export interface MemoryLog extends Log {
  /** `warn: message`, in order. */
  lines: string[];
  /** The names of the fields that lines had. */
  fields: Set<string>;
}

export function createMemoryLog(): MemoryLog {
  const lines: string[] = [];
  const names = new Set<string>();
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push(`${level}: ${message}`);
      for (const [name, value] of Object.entries(fields)) if (value !== undefined) names.add(name);
    };
  return { lines, fields: names, info: at('info'), warn: at('warn'), error: at('error') };
}
