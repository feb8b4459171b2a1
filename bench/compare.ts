import { readFileSync } from 'node:fs';
import type { Row } from './aims.ts';
import { short, table } from './figures.ts';
import { type Machine, machineLine } from './machine.ts';

/** What `--json` wrote, as far as two results are compared. */
export interface Result {
  readonly machine: Machine;
  readonly quick: boolean;
  readonly aims: readonly Pick<Row, 'what' | 'value'>[];
}

export function resultIn(file: string): Result {
  const result = JSON.parse(readFileSync(file, 'utf8')) as Partial<Result>;
  const { machine, quick, aims } = result;
  if (machine === undefined || quick === undefined || aims === undefined) {
    throw new Error(`${file} is not what \`npm run bench -- --json FILE\` writes`);
  }
  return { machine, quick, aims };
}

/** The figures of two runs side by side, those that both have. */
export function compareText(first: Result, second: Result): string {
  const rows = first.aims.flatMap(({ what, value }) => {
    const other = second.aims.find((row) => row.what === what);
    if (other === undefined) return [];
    return [[what, short(value), short(other.value), `× ${(other.value / value).toFixed(2)}`]];
  });
  const about = ({ machine, quick }: Result): string => `${machine.at}${quick ? ', --quick' : ''}\n     `;
  return `first  ${about(first)}  ${machineLine(first.machine)}
second ${about(second)}  ${machineLine(second.machine)}

${table(['', 'first', 'second', 'second over first'], rows)}`;
}
