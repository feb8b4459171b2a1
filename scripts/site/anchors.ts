/** The anchors of the headings of one page, as GitHub generates them from the Markdown of a heading. */
export class Anchors {
  readonly #used = new Set<string>();

  next(heading: string): string {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = text.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; this.#used.has(unique); count += 1) unique = `${anchor}-${count}`;
    this.#used.add(unique);
    return unique;
  }
}
