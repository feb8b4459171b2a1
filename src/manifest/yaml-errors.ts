import { printable, quoted } from '../core/text/quote.ts';

/** How deeply maps and lists may be nested. */
export const deepest = 100;

export const tooDeep = `maps and lists are nested more than ${deepest} levels deep, which no Kubernetes object is. Remove the nesting.`;

/** The parser's error as a sentence that says what to do, and where the thing to mend stands. */
export function inWords(
  code: string,
  message: string,
  text: string,
  offset: number,
): { message: string; at: number } {
  // Where the parser's stack ended depends on the machine.
  if (code === 'RESOURCE_EXHAUSTION') return { message: tooDeep, at: 0 };
  // What is missed at the end of the text is missing behind its last line.
  const at = Math.min(offset, text.trimEnd().length);
  if (message.startsWith('Missing closing')) {
    return { message: 'a quote is opened here and not closed. Close it.', at: openingQuote(text, message) };
  }
  return { message: sentence(code, message, text, at), at };
}

/** The last quote of its kind that is no escape: nothing can follow it but the text that runs to the end. */
function openingQuote(text: string, message: string): number {
  const quotes = message.includes('"') ? /\\[\s\S]|(")/g : /''|(')/g;
  let last = 0;
  for (const found of text.matchAll(quotes)) if (found[1] !== undefined) last = found.index;
  return last;
}

function sentence(code: string, message: string, text: string, at: number): string {
  if (/^\s*<(!doctype|html|\?xml)/i.test(text)) {
    return 'this is a web page or XML, not YAML or JSON. Fetch the raw file.';
  }
  const line = lineAround(text, at);
  if (/^(Error from server|error:|The connection to the server)/.test(line)) {
    return `this is an error message of kubectl, not a manifest: ${quoted(line, 120)}. Mend that first.`;
  }
  if (line.includes('{{')) {
    return 'this is a template ({{ ... }}), not YAML. Render it first (`helm template`), then read the result.';
  }
  const isJson = /^\s*[{[]/.test(text);
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'the line is indented with a tab. YAML takes only spaces there.';
    case 'BAD_INDENT':
      return isJson || message.startsWith('Flow')
        ? 'a bracket or brace is opened before this and not closed. Close it.'
        : 'the line is indented unlike its neighbours. Line it up with the keys it belongs to.';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'the value holds ": ", which begins a second key on the same line. Put quotes around the value, or the key on a line of its own.';
    case 'BAD_SCALAR_START':
      return `a text cannot begin with ${quoted(text.charAt(at))} here. Put quotes around it.`;
    case 'BAD_DQ_ESCAPE':
      return 'a backslash in double quotes begins an escape, and this one is unknown. Write \\\\ for a backslash, or use single quotes.';
    case 'MULTILINE_IMPLICIT_KEY':
      return 'a key is expected here, and its line has no ":". Write `key: value`, or put quotes around a text of several lines.';
    case 'BLOCK_IN_FLOW':
      return 'a comma, quote, bracket or brace is missing before this. Add it.';
    case 'UNEXPECTED_TOKEN':
      return 'this does not belong here: a comma, colon, quote or bracket is missing before it, or is too many. Mend that.';
    case 'MISSING_CHAR':
      if (message.startsWith('Implicit map keys'))
        return 'the key has no value: ":" is missing behind it. Add it.';
      return 'a bracket, brace or comma is missing here. Add it.';
    default:
      return `${printable(message)}. Mend the line.`;
  }
}

function lineAround(text: string, at: number): string {
  const end = text.indexOf('\n', at);
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, end === -1 ? undefined : end);
}
