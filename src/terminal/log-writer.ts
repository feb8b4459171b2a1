import type { Log, LogFields } from '../client/log.ts';
import type { Clock } from '../client/transport.ts';
import { escapedJson } from './escape.ts';

/** Container runtimes split lines longer than 16 KiB, and a partial line is not valid JSON. */
const maxTextLength = 4000;

export interface LogLine {
  readonly time: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/**
 * Writes one line per message, formatted by `format`. Texts may come from any Service, so every format must escape
 * control characters and truncate long texts.
 */
export function createLog(
  write: (line: string) => void,
  clock: Clock,
  format: (line: LogLine) => string,
): Log {
  const writer =
    (level: LogLine['level']) =>
    (message: string, fields: LogFields = {}) => {
      const time = new Date(clock.wall()).toISOString();
      write(`${format({ time, level, message, fields })}\n`);
    };
  return { info: writer('info'), warn: writer('warn'), error: writer('error') };
}

/** A JSON object: `time`, `level`, `msg`, then the fields of the message. Field names are stable. */
export function jsonLine({ time, level, message, fields }: LogLine): string {
  const json = JSON.stringify({ time, level, msg: message, ...fields }, (_key, value) => truncated(value));
  return escapedJson(json);
}

export function truncated(value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= maxTextLength) return value;
  return `${value.slice(0, maxTextLength)}… (and ${value.length - maxTextLength} characters more)`;
}
