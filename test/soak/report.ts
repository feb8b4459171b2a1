import { count } from '../../bench/figures.ts';
import { faults } from './faults.ts';
import { growth, lives, megabytes } from './memory.ts';
import type { SoakReport } from './soak.ts';
import { kinds } from './users.ts';

/** Observations without which a run does not test everything. */
const requiredObservations: readonly string[] = [
  'address assigned',
  'address released',
  'address changed',
  'address restored',
  'address shared',
  'warning event',
  'new leader',
];

export interface RunResult {
  readonly isSuccess: boolean;
  /** The text of the last line. */
  readonly text: string;
}

export function resultOf(report: SoakReport): RunResult {
  const { findings, samples, services, seconds, done, faults: happened, seen, rests } = report;
  const reasons = [
    ...findings.map(({ promise, what }) => `${promise}: ${what}`),
    ...notSeen(report).map((what) => `never occurred: ${what}`),
    ...growth(samples),
  ];
  const scope = `${count(services)} Services, ${count(seconds)} s, ${count(done.total)} acts, ${happened.total} faults, ${seen.of('new leader')} new leaders, ${rests} rests`;
  if (reasons.length > 0) {
    const some = reasons.slice(0, 10);
    const more = reasons.length > some.length ? [`and ${reasons.length - some.length} more`] : [];
    return { isSuccess: false, text: `${scope}: FAILED\n  ${[...some, ...more].join('\n  ')}\nsoak: FAILED` };
  }
  const ranges = lives(samples).map(({ first, last }) => `${megabytes(first)} to ${megabytes(last)} MB`);
  const memory =
    ranges.length > 0 ? `memory flat (${ranges.join(', ')})` : 'memory not judged in so short a time';
  return { isSuccess: true, text: `${scope}: nothing double, nothing lost, ${memory}` };
}

/** The faults, acts and observations that did not occur. */
export function notSeen({ done, faults: happened, seen }: SoakReport): string[] {
  return [
    ...faults.filter((fault) => happened.of(fault) === 0),
    ...kinds.filter((kind) => done.of(kind) === 0),
    ...requiredObservations.filter((what) => seen.of(what) === 0),
  ];
}

/** How often each fault, act and observation occurred. */
export function listing({ done, rejected, faults: happened, seen, pending, duplicates }: SoakReport): string {
  const part = (title: string, entries: readonly [string, number][]): string =>
    `${title}\n${entries.map(([what, times]) => `${count(times).padStart(9)}  ${what}\n`).join('')}`;
  return [
    part('acts of users', done.entries()),
    part('rejected by the API server', rejected.entries()),
    part('faults', happened.entries()),
    part('observed in etcd and in logs', seen.entries()),
    part('at the last rest', [
      ['Services without an address', pending],
      ['addresses with several Services', duplicates],
    ]),
  ].join('\n');
}
