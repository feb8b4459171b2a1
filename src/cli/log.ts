import type { Log } from '../kube/log.ts';
import type { Clock } from '../kube/transport.ts';
import { escapedJson } from './hidden.ts';

/** Container runtimes break lines that are longer than 16 KiB, and half a line is no JSON. */
const longestText = 4000;

/**
 * One JSON object a line, with stable fields: `time`, `level`, `msg`, then those of the message. A text in it may come
 * from anybody's Service: none acts on a terminal, and a long one is cut.
 */
export function createLog(write: (line: string) => void, clock: Clock): Log {
  const at =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      const time = new Date(clock.wall()).toISOString();
      write(`${escapedJson(JSON.stringify({ time, level, msg: message, ...fields }, shortened))}\n`);
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

function shortened(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= longestText) return value;
  return `${value.slice(0, longestText)}… (and ${value.length - longestText} characters more)`;
}
