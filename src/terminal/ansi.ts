/** Adds a colour to what is already cut to size. */
export type Paint = (text: string) => string;
export type Ink = Record<'bold' | 'dim' | 'green' | 'yellow' | 'red', Paint>;

/** Colours of a terminal (ECMA-48 SGR), or none. */
export function inkFor(colour: boolean): Ink {
  const ink =
    (code: number): Paint =>
    (text) =>
      colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  return { bold: ink(1), dim: ink(2), green: ink(32), yellow: ink(33), red: ink(31) };
}
