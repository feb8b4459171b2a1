/**
 * Text from a manifest, a Service or a ConfigMap is not ours: it may hold line breaks, terminal escapes, or letters that reverse the
 * direction of the line. Whatever is shown to a person passes through here first.
 */

/** Controls, invisible format characters (direction, zero width), separators and lone surrogates. */
const hiddenCharacters = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const named: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\0', '\\0'],
]);

/** The text on one line, with everything that a terminal would act on written as an escape (`\x1b`, `\u202e`). */
export function printable(text: string): string {
  return text.replace(hiddenCharacters, (character) => named.get(character) ?? escaped(character));
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

/** The text in quotes for a message; a long one is shortened, and says by how much. */
export function quoted(text: string, most = 80): string {
  const characters = [...text];
  if (characters.length <= most) return `"${printable(text)}"`;
  return `"${printable(characters.slice(0, most).join(''))}" (and ${characters.length - most} characters more)`;
}

/** A closed union was extended without a sentence: the compiler says so where this is called. */
export function never(value: never): never {
  throw new Error(`no sentence for ${String(value)}`);
}

/** The end of a sentence that knows better. */
export function suggestionOf(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `; write ${suggestion}`;
}
