import type { TestsStream } from 'node:test';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Says each failure with its file and cause, and how many tests were left out for which reason. Only tests count, not
 * the suites around them.
 */
export default async function report(events: TestsStream, write: (text: string) => void): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const leftOut = new Map<string, number>();
  const failures: string[] = [];
  for await (const event of events) {
    switch (event.type) {
      case 'test:pass': {
        const { details, skip } = event.data;
        if (details.type === 'suite') break;
        if (skip === undefined || skip === false) counts.passed += 1;
        else {
          counts.skipped += 1;
          leftOut.set(String(skip), (leftOut.get(String(skip)) ?? 0) + 1);
        }
        break;
      }
      case 'test:fail': {
        const { details, file, line, name, todo } = event.data;
        // A suite fails with its tests; by itself only where it could not even begin.
        if (details.type === 'suite' && isOnlyItsTests(details.error)) break;
        if (todo !== undefined && todo !== false) break;
        counts.failed += 1;
        const failure = `FAILED ${file ?? ''}:${line ?? ''}\n  ${name}\n${indent(story(details.error.cause ?? details.error))}\n`;
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
  for (const [reason, count] of leftOut) write(`${count} tests were left out: ${reason}\n`);
  return counts;
}

function isOnlyItsTests(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed';
}

/** An error with what caused it: a property's failure says the counterexample, its cause what went wrong there. */
function story(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\nCaused by: ${story(error.cause)}`;
  return (error.stack ?? error.message) + cause;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
