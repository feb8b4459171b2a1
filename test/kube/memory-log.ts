import type { Log } from '../../src/kube/log.ts';

export interface MemoryLog extends Log {
  /** `warn: message`, in order. */
  lines: string[];
}

export function createMemoryLog(): MemoryLog {
  const lines: string[] = [];
  return {
    lines,
    info: (message) => lines.push(`info: ${message}`),
    warn: (message) => lines.push(`warn: ${message}`),
    error: (message) => lines.push(`error: ${message}`),
  };
}
