/** Texts that an attacker could write. */

const escapes = '\u001b[2J\u001b]0;title\u0007\u001b[31m';
const c1 = '\u009b31m\u0085';
const directions = '\u202e\u2066\u061c\u200b\ufeff';
const separators = '\u2028\u2029';
const tag = '\u{e0041}';

/** All kinds of control characters, and terminators for each format that may contain the text. */
export const hostileText = `a${escapes}${c1}${directions}${separators}${tag}\r\n{"level":"error"}\t"'\`\\</x>`;

/** The API server accepts up to 256 KiB for all annotations of an object. */
export const hugeText = 'x'.repeat(200_000);

/** Characters that a terminal may interpret, except a newline. */
export const acting = /[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u;
