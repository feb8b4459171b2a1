import { printable } from '../core/text/quote.ts';
import { escapedJson } from './escape.ts';
import { type LogLine, truncated } from './log-writer.ts';

/** Yellow and red; info lines have no color. */
const levelColors = { info: undefined, warn: 33, error: 31 } as const;
const gray = 90;

/** Formats a line for people: time, level, message, then the fields as `key=value`, quoted if necessary. */
export function textLine(isColored: boolean): (line: LogLine) => string {
  const paint = (code: number | undefined, text: string): string =>
    isColored && code !== undefined ? `\x1b[${code}m${text}\x1b[0m` : text;
  return ({ time, level, message, fields }) => {
    const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
    const texts = pairs.map(([name, value]) => `${name}=${fieldText(truncated(value))}`);
    const suffix = texts.length === 0 ? '' : `  ${paint(gray, texts.join(' '))}`;
    const label = level.toUpperCase().padEnd(5);
    return `${paint(gray, time)} ${paint(levelColors[level], label)} ${printable(String(truncated(message)))}${suffix}`;
  };
}

/** Quoted like JSON, so that a value cannot imitate another field. */
function fieldText(value: unknown): string {
  const text = String(value);
  return /^[\w.:/,+@<>-]+$/.test(text) ? text : escapedJson(JSON.stringify(text));
}
