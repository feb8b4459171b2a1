export interface TextSpan {
  start: number;
  end: number;
}

/**
 * Finds JSON values in a row, as `jq '.items[]'` or several `kubectl get -o json` print them; YAML reads them as one
 * broken document. Undefined if the text is anything else. The parser checks the values themselves.
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
