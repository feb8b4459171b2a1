/** The width of a text on a terminal, in columns: wide characters take two, combining marks none. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]|[\u{20000}-\u{3fffd}]/u;
const mark = /\p{M}/u;

export function characterWidth(character: string): number {
  if (character <= '\u007e') return 1;
  if (mark.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
