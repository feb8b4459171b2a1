import assert from 'node:assert/strict';
import { sectionsOf } from './document.ts';

/** The last section of a guide, with a table of its steps. */
export const whatWasRun = 'What was run';

/** Each step of a guide, with what the guide says about a test for it. */
export function stepsOf(path: string): Map<string, string> {
  const section = sectionsOf(path).at(-1);
  assert.equal(section?.title, whatWasRun, `the last section of ${path}`);
  const [table] = section.parts;
  assert.ok(table?.kind === 'table');
  assert.deepEqual(table.head, ['step', 'run by a test']);
  return new Map(table.rows.map(([step = '', run = '']) => [step, run]));
}

/** The titles of the sections that a test follows completely. */
export function followedSteps(path: string): string[] {
  return [...stepsOf(path)].filter(([, run]) => run === 'yes').map(([step]) => step);
}
