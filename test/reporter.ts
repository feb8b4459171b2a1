import type { TestEvent } from 'node:test/reporters';

/**
 * Prints each failure with its file and cause, one line for each test file, and last the line that CI reads:
 * `N passed, N failed` (`, N skipped` where a test was left out). Only tests count, not the suites around them.
 */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  const failures: string[] = [];
  for await (const event of events) {
    switch (event.type) {
      case 'test:pass':
        if (event.data.details.type === 'suite') break;
        if (event.data.skip !== undefined && event.data.skip !== false) {
          skipped += 1;
          yield `skipped: ${event.data.name} (${event.data.skip})\n`;
        } else passed += 1;
        break;
      case 'test:fail': {
        if (event.data.details.type === 'suite') break;
        failed += 1;
        const { error } = event.data.details;
        const cause = error.cause ?? error;
        const text = story(cause);
        const failure = `FAILED ${event.data.file ?? ''}:${event.data.line ?? ''}\n  ${event.data.name}\n${indent(text)}\n`;
        failures.push(failure);
        yield failure;
        break;
      }
      case 'test:stderr':
      case 'test:stdout':
        yield event.data.message;
        break;
      case 'test:diagnostic':
        if (event.data.level === 'error') yield `${event.data.message}\n`;
        break;
    }
  }
  if (failures.length > 1) yield `\nAll failures again:\n\n${failures.join('\n')}`;
  if (passed + failed === 0) {
    // A run that executed nothing proves nothing.
    process.exitCode = 1;
    yield 'no test was run\n';
  }
  yield `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`;
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
