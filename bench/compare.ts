import { readFileSync } from 'node:fs';
import type { Row } from './aims.ts';
import { short, table } from './figures.ts';
import { type Machine, machineLine } from './machine.ts';

/** The part of a file of `--json` that is compared. */
export interface Result {
  readonly machine: Machine;
  readonly quick: boolean;
  readonly aims: readonly Pick<Row, 'what' | 'value'>[];
}

export function resultIn(file: string): Result {
  const result = JSON.parse(readFileSync(file, 'utf8')) as Partial<Result>;
  const { machine, quick, aims } = result;
  if (machine === undefined || quick === undefined || aims === undefined) {
    throw new Error(`${file} was not written by "npm run bench -- --json FILE"`);
  }
  return { machine, quick, aims };
}

/** The aims that are in both results, side by side. */
export function compareText(first: Result, second: Result): string {
  const rows = first.aims.flatMap(({ what, value }) => {
    const other = second.aims.find((row) => row.what === what);
    if (other === undefined) return [];
    return [[what, short(value), short(other.value), `× ${(other.value / value).toFixed(2)}`]];
  });
  const about = ({ machine, quick }: Result): string => `${machine.at}${quick ? ', --quick' : ''}\n     `;
  return `first  ${about(first)}  ${machineLine(first.machine)}
second ${about(second)}  ${machineLine(second.machine)}

${table(['', 'first', 'second', 'second / first'], rows)}`;
}
