/** What may be in a text that somebody else writes. */

const escapes = '\u001b[2J\u001b]0;title\u0007\u001b[31m';
const c1 = '\u009b31m\u0085';
const directions = '\u202e\u2066\u061c\u200b\ufeff';
const separators = '\u2028\u2029';
const tag = '\u{e0041}';

/** Every kind at once, and an end to each kind of text it may stand in. */
export const hostileText = `a${escapes}${c1}${directions}${separators}${tag}\r\n{"level":"error"}\t"'\`\\</x>`;

/** 256 KiB is what the API server takes of all annotations of an object together. */
export const hugeText = 'x'.repeat(200_000);

/** What a terminal may act on, but for the line's end. */
export const acting = /[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u;
