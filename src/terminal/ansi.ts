/** Adds a colour to what is already cut to size. */
export type Paint = (text: string) => string;
export type Ansi = Record<'bold' | 'dim' | 'green' | 'yellow' | 'red', Paint>;

/** Colours of a terminal (ECMA-48 SGR), or none. */
export function ansiFor(colour: boolean): Ansi {
  const ansi =
    (code: number): Paint =>
    (text) =>
      colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  return { bold: ansi(1), dim: ansi(2), green: ansi(32), yellow: ansi(33), red: ansi(31) };
}
