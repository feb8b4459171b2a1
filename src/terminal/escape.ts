/** Characters that JSON may leave as they are and a terminal may act on: DEL, C1 controls, directions, separators. */
const hidden = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

export function needsEscape(text: string): boolean {
  return text.search(hidden) !== -1;
}

/** JSON that reads as before, with those characters as escapes. */
export function escapedJson(json: string): string {
  // A character beyond the first plane is two units to JSON.
  return json.replace(hidden, (character) => character.split('').map(unit).join(''));
}

/** The same for YAML's texts in double quotes, where such a character is one. */
export function escapedYaml(yaml: string): string {
  return yaml.replace(hidden, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : unit(character);
  });
}

function unit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
