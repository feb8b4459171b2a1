import type { ConfigProblem, EntryProblem } from './config-problem.ts';

/** A key lists no more problems of one code than this, and counts the others. */
const maxListed = 20;

/** The problems with the entries of one key. */
export class EntryProblems {
  readonly #counts = new Map<EntryProblem['code'], number>();
  readonly #problems: ConfigProblem[];

  constructor(problems: ConfigProblem[]) {
    this.#problems = problems;
  }

  add(problem: EntryProblem): void {
    const count = (this.#counts.get(problem.code) ?? 0) + 1;
    this.#counts.set(problem.code, count);
    if (count <= maxListed) this.#problems.push(problem);
  }

  /** Call after the last one. */
  addCounts(key: string): void {
    for (const [of, count] of this.#counts)
      if (count > maxListed) this.#problems.push({ code: 'more-entries', key, of, count: count - maxListed });
  }
}
