import type { Row } from './aims.ts';
import { texts } from './figures.ts';

/** The table of the aims. Nothing is decided by it: it says which aims these figures, on this machine, do not reach. */
export function aimsText(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const short = rows.filter(({ isReached }) => !isReached).length;
  const decided = short === 0 ? 'all reached' : `${short} of ${rows.length} not reached`;
  const cells = rows.map(({ what, aim, measured, limit, isReached }) => [
    ...[what, aim, measured, limit],
    isReached ? '' : 'short',
  ]);
  return `
aims: each beside what it is compared with in the same run; ${decided}

${texts(['what', 'aim', 'measured', 'limit in the same run', ''], cells)}`;
}
