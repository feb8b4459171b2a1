import { printable, quoted } from '../core/text/quote.ts';

/** How deeply maps and lists may be nested. */
export const maxDepth = 100;

export const tooDeep = `maps and lists are nested more than ${maxDepth} levels deep, which no Kubernetes object needs. Remove the nesting.`;

/** The parser's error in words, and the position to correct. */
export function explainError(
  code: string,
  message: string,
  text: string,
  offset: number,
): { message: string; at: number } {
  // Where the parser's stack overflows depends on the machine.
  if (code === 'RESOURCE_EXHAUSTION') return { message: tooDeep, at: 0 };
  // Something missing at the end of the text is missing after its last line.
  const at = Math.min(offset, text.trimEnd().length);
  if (message.startsWith('Missing closing')) {
    return { message: 'this quote is never closed. Close it.', at: openingQuote(text, message) };
  }
  return { message: sentence(code, message, text, at), at };
}

/** The last quote of its kind that is not an escape: after an unclosed one, there is only its string. */
function openingQuote(text: string, message: string): number {
  const quotes = message.includes('"') ? /\\[\s\S]|(")/g : /''|(')/g;
  let last = 0;
  for (const found of text.matchAll(quotes)) if (found[1] !== undefined) last = found.index;
  return last;
}

const sentences: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'the line is indented with a tab. Use spaces, as YAML requires.',
  BLOCK_AS_IMPLICIT_KEY:
    'the value contains ": ", which starts a second key on the same line. Put quotes around the value, or the key on its own line.',
  BAD_DQ_ESCAPE:
    'a backslash in double quotes starts an escape, and this one is unknown. Write \\\\ for a backslash, or use single quotes.',
  MULTILINE_IMPLICIT_KEY:
    'this line must start with a key, but has no ":". Write `key: value`, or put quotes around a string of several lines.',
  BLOCK_IN_FLOW: 'a comma, quote, bracket or brace is missing before this. Add it.',
  UNEXPECTED_TOKEN:
    'unexpected here: a comma, colon, quote or bracket before it is missing, or there is one too many. Correct it.',
};

function sentence(code: string, message: string, text: string, at: number): string {
  if (/^\s*<(!doctype|html|\?xml)/i.test(text))
    return 'this is a web page or XML, not YAML or JSON. Download the raw file.';
  const line = lineAround(text, at);
  if (/^(Error from server|error:|The connection to the server)/.test(line))
    return `this is an error message of kubectl, not a manifest: ${quoted(line, 120)}. Fix that error first.`;
  if (line.includes('{{'))
    return 'this is a template ({{ ... }}), not YAML. Render it first (`helm template`), then read the result.';
  if (code === 'BAD_INDENT') {
    return /^\s*[{[]/.test(text) || message.startsWith('Flow')
      ? 'a bracket or brace before this is never closed. Close it.'
      : 'the indentation differs from that of the lines around it. Align the line with the keys it belongs to.';
  }
  if (code === 'BAD_SCALAR_START')
    return `a string cannot start with ${quoted(text.charAt(at))} here. Put quotes around it.`;
  if (code === 'MISSING_CHAR') {
    return message.startsWith('Implicit map keys')
      ? 'the key has no ":" after it. Add it, and a value.'
      : 'a bracket, brace or comma is missing here. Add it.';
  }
  return sentences[code] ?? `${printable(message)}. Correct the line.`;
}

function lineAround(text: string, at: number): string {
  const end = text.indexOf('\n', at);
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, end === -1 ? undefined : end);
}
