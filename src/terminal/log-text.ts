import { printable } from '../core/text/quote.ts';
import { escapedJson } from './escape.ts';
import { type LogLine, shortened } from './log-writer.ts';

/** Yellow and red; what is as it should be has no colour. */
const colourOf = { info: undefined, warn: 33, error: 31 } as const;
const grey = 90;

/** A line for people: time, level, message, then the fields as `key=value`, in quotes where that is not plain. */
export function textLine(isColoured: boolean): (line: LogLine) => string {
  const ansi = (code: number | undefined, text: string): string =>
    isColoured && code !== undefined ? `\x1b[${code}m${text}\x1b[0m` : text;
  return ({ time, level, message, fields }) => {
    const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
    const shown = pairs.map(([name, value]) => `${name}=${valueShown(shortened(value))}`);
    const more = shown.length === 0 ? '' : `  ${ansi(grey, shown.join(' '))}`;
    const word = level.toUpperCase().padEnd(5);
    return `${ansi(grey, time)} ${ansi(colourOf[level], word)} ${printable(String(shortened(message)))}${more}`;
  };
}

/** Quotes are JSON's, so that two fields cannot be made to look like three. */
function valueShown(value: unknown): string {
  const text = String(value);
  return /^[\w.:/,+@<>-]+$/.test(text) ? text : escapedJson(JSON.stringify(text));
}
