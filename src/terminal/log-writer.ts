import type { Log, LogFields } from '../client/log.ts';
import type { Clock } from '../client/transport.ts';
import { escapedJson } from './escape.ts';

/** Container runtimes break lines that are longer than 16 KiB, and half a line is no JSON. */
const longestText = 4000;

export interface LogLine {
  readonly time: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/**
 * One line for each message, in the look that `format` gives it. A text in it may come from anybody's Service: whatever
 * the look, none acts on a terminal, and a long one is cut.
 */
export function createLog(
  write: (line: string) => void,
  clock: Clock,
  format: (line: LogLine) => string,
): Log {
  const at =
    (level: LogLine['level']) =>
    (message: string, fields: LogFields = {}) => {
      const time = new Date(clock.wall()).toISOString();
      write(`${format({ time, level, message, fields })}\n`);
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

/** A JSON object with stable fields: `time`, `level`, `msg`, then those of the message. */
export function jsonLine({ time, level, message, fields }: LogLine): string {
  const json = JSON.stringify({ time, level, msg: message, ...fields }, (_key, value) => shortened(value));
  return escapedJson(json);
}

export function shortened(value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= longestText) return value;
  return `${value.slice(0, longestText)}… (and ${value.length - longestText} characters more)`;
}
