/**
 * Text from a manifest, a Service, or a ConfigMap is untrusted: it can contain line breaks, terminal escapes, or characters that
 * reverse the text direction. All output that contains such text is escaped here first.
 */

/** Control characters, invisible format characters (direction, zero width), separators, and lone surrogates. */
const hiddenCharacters = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const named: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\0', '\\0'],
]);

/** The text on one line. Characters that a terminal interprets become escapes (`\x1b`, `\u202e`). */
export function printable(text: string): string {
  return text.replace(hiddenCharacters, (character) => named.get(character) ?? escaped(character));
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

/** The text in quotes. A long text is cut, and the number of omitted characters is appended. */
export function quoted(text: string, limit = 80): string {
  const characters = [...text];
  if (characters.length <= limit) return `"${printable(text)}"`;
  return `"${printable(characters.slice(0, limit).join(''))}" (and ${characters.length - limit} characters more)`;
}

/** Makes the compiler reject a switch that does not cover all cases of a union. */
export function never(value: never): never {
  throw new Error(`no sentence for ${String(value)}`);
}

/** The end of a sentence: a period, and the suggestion if there is one. */
export function suggestionOf(suggestion: string | undefined): string {
  return suggestion === undefined ? '.' : `. Did you mean "${suggestion}"?`;
}
