import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs, parseRetryAfter, WATCH_BACKOFF } from '../../src/client/backoff.ts';

test('a pause is never shorter than the first nor longer than the most, after however many failures', () => {
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

for (const [sentence, headers, wall, expected] of [
  ['no header is no wish', {}, noon, undefined],
  ['a number is seconds', { 'retry-after': '7' }, noon, 7000],
  ['spaces around it do not matter', { 'retry-after': ' 7 ' }, noon, 7000],
  ['zero is a wish too', { 'retry-after': '0' }, noon, 0],
  ['a date is measured from now', { 'retry-after': later }, noon, 30_000],
  ['a date is measured on the clock of the server that sent it', { 'retry-after': later, date }, 0, 30_000],
  ['a date that has passed is no wait', { 'retry-after': date }, noon + 5, 0],
  ['what is neither is no wish', { 'retry-after': 'soon' }, noon, undefined],
  ['a blank value is no wish', { 'retry-after': ' ' }, noon, undefined],
] as const) {
  test(`Retry-After: ${sentence}`, () => assert.equal(parseRetryAfter(headers, wall), expected));
}
