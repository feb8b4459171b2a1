/** The entries of a list, separated by commas or newlines, without white space around them and without empty ones. */
export function* listEntriesIn(text: string): Generator<string> {
  for (const [match] of text.matchAll(/[^,\n]+/g)) {
    const entry = match.trim();
    if (entry !== '') yield entry;
  }
}
