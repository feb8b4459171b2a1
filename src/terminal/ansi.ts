/** Adds a color to text that is already wrapped. */
export type Paint = (text: string) => string;
export type Ansi = Record<'bold' | 'dim' | 'green' | 'yellow' | 'red', Paint>;

/** Terminal colors (ECMA-48 SGR), or functions that change nothing. */
export function ansiFor(isColored: boolean): Ansi {
  const style =
    (code: number): Paint =>
    (text) =>
      isColored ? `\x1b[${code}m${text}\x1b[0m` : text;
  return { bold: style(1), dim: style(2), green: style(32), yellow: style(33), red: style(31) };
}
