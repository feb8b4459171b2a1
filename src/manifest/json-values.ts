export interface TextSpan {
  start: number;
  end: number;
}

/**
 * `jq '.items[]'` and `kubectl get -o json` run twice print JSON values one after the other, which YAML takes for
 * one broken document. This finds where each begins and ends, or says (undefined) that the text is no such row of
 * values; whether they are right inside is for the parser.
 */
export function jsonValues(text: string): TextSpan[] | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const spans: TextSpan[] = [];
  const token = /"(?:[^"\\]|\\[\s\S])*"|[{}[\]]/g;
  let depth = 0;
  let start = 0;
  let end = 0;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const character = found[0];
    if (depth === 0 && !separates(text.slice(end, found.index))) return undefined;
    if (character === '{' || character === '[') {
      if (depth === 0) start = found.index;
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth < 0) return undefined;
      if (depth === 0) {
        end = token.lastIndex;
        spans.push({ start, end });
      }
    } else if (depth === 0) return undefined;
  }
  return depth === 0 && separates(text.slice(end)) ? spans : undefined;
}

function separates(between: string): boolean {
  return /^\s*(?:---\s*)?$/.test(between);
}
