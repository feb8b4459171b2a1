import { join, relative } from 'node:path';
import type { TestsStream } from 'node:test';
import type { Progress } from './progress.ts';

export interface Counts {
  passed: number;
  failed: number;
  /** Without those that an environment variable excuses. */
  skipped: number;
}

/**
 * Prints each failure with its file and cause, and how many tests were skipped for which reason. Counts tests, not suites.
 */
export default async function report(
  events: TestsStream,
  write: (text: string) => void,
  progress: Progress,
): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const skipped = new Map<string, number>();
  const failures: string[] = [];
  for await (const event of events) {
    switch (event.type) {
      case 'test:dequeue':
        if (isFile(event.data)) progress.started(nameOf(event.data.name));
        break;
      case 'test:complete':
        if (isFile(event.data)) progress.ended(nameOf(event.data.name));
        break;
      case 'test:pass': {
        const { details, skip } = event.data;
        if (details.type === 'suite') break;
        if (skip === undefined || skip === false) counts.passed += 1;
        else {
          // An environment variable asked for it, which also holds where no test may be skipped.
          if (!String(skip).startsWith('excused by')) counts.skipped += 1;
          skipped.set(String(skip), (skipped.get(String(skip)) ?? 0) + 1);
        }
        break;
      }
      case 'test:fail': {
        const { details, file, line, name, todo } = event.data;
        // A suite also fails if one of its tests fails. Report only failures of the suite itself.
        if (details.type === 'suite' && isOnlyItsTests(details.error)) break;
        if (todo !== undefined && todo !== false) break;
        counts.failed += 1;
        const failure = `FAILED ${file ?? ''}:${line ?? ''}\n  ${name}\n${indent(describeError(details.error.cause ?? details.error))}\n`;
        failures.push(failure);
        write(failure);
        break;
      }
      case 'test:stderr':
      case 'test:stdout':
        write(event.data.message);
        break;
    }
  }
  if (failures.length > 1) write(`\nAll failures again:\n\n${failures.join('\n')}\n`);
  for (const [reason, count] of skipped) write(`${count} tests were skipped: ${reason}\n`);
  return counts;
}

/** Whether the event is about a whole file, which Node reports as a test of that name. */
function isFile({
  name,
  file,
  nesting,
}: {
  name: string;
  file?: string | undefined;
  nesting: number;
}): boolean {
  return nesting === 0 && name === file;
}

function nameOf(file: string): string {
  return relative(join(import.meta.dirname, '..'), file);
}

function isOnlyItsTests(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed';
}

/** An error with its causes: the error of a property contains the counterexample, and its cause the failed assertion. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\nCaused by: ${describeError(error.cause)}`;
  return (error.stack ?? error.message) + cause;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
