import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs, parseRetryAfter, WATCH_BACKOFF } from '../../src/client/backoff.ts';

test('a delay stays between the initial and the maximum delay after any number of failures', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 5000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (n, r) => {
        const ms = backoffMs(n, r, WATCH_BACKOFF);
        assert.ok(ms >= 200 && ms <= 30_000, `${ms}`);
      },
    ),
  );
});

const noon = Date.UTC(2026, 0, 2, 12, 0, 0);
const date = 'Fri, 02 Jan 2026 12:00:00 GMT';
const later = 'Fri, 02 Jan 2026 12:00:30 GMT';

for (const [title, headers, wall, expected] of [
  ['a missing header is ignored', {}, noon, undefined],
  ['a number is in seconds', { 'retry-after': '7' }, noon, 7000],
  ['surrounding spaces are ignored', { 'retry-after': ' 7 ' }, noon, 7000],
  ['zero is a valid delay', { 'retry-after': '0' }, noon, 0],
  ['a date is relative to now', { 'retry-after': later }, noon, 30_000],
  ['a date is relative to the Date header of the response', { 'retry-after': later, date }, 0, 30_000],
  ['a past date is no delay', { 'retry-after': date }, noon + 5, 0],
  ['any other text is ignored', { 'retry-after': 'soon' }, noon, undefined],
  ['a blank value is ignored', { 'retry-after': ' ' }, noon, undefined],
] as const) {
  test(`Retry-After: ${title}`, () => assert.equal(parseRetryAfter(headers, wall), expected));
}
