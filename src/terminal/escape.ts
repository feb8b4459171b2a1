/** Characters that JSON need not escape but that affect a terminal: DEL, C1 controls, bidirectional marks, separators. */
const unsafeCharacters = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

export function needsEscape(text: string): boolean {
  return text.search(unsafeCharacters) !== -1;
}

/** Equivalent JSON with those characters escaped. */
export function escapedJson(json: string): string {
  // JSON escapes a character outside the Basic Multilingual Plane as two code units.
  return json.replace(unsafeCharacters, (character) => character.split('').map(escapedUnit).join(''));
}

/** The same for double-quoted YAML, which escapes such a character as one code point. */
export function escapedYaml(yaml: string): string {
  return yaml.replace(unsafeCharacters, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : escapedUnit(character);
  });
}

function escapedUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
