import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDuration } from '../../src/cmd/flags/duration.ts';

/** Computed by hand from the documentation of Go's time.ParseDuration. */
const rows: { text: string; ms: number | undefined }[] = [
  { text: '15s', ms: 15_000 },
  { text: '1m30s', ms: 90_000 },
  { text: '500ms', ms: 500 },
  { text: '1.5h', ms: 5_400_000 },
  { text: '2h45m', ms: 9_900_000 },
  { text: '12h0m0s', ms: 43_200_000 },
  { text: '+5s', ms: 5_000 },
  { text: '-1.5h', ms: -5_400_000 },
  { text: '.5s', ms: 500 },
  { text: '5.s', ms: 5_000 },
  { text: '0', ms: 0 },
  { text: '+0', ms: 0 },
  { text: '0s', ms: 0 },
  { text: '300us', ms: 0.3 },
  { text: '300\u00b5s', ms: 0.3 },
  { text: '300\u03bcs', ms: 0.3 },
  { text: '1000000ns', ms: 1 },
  // Units in any order, any number of times.
  { text: '30s1m30s', ms: 120_000 },
  { text: '007s', ms: 7_000 },

  { text: '', ms: undefined },
  { text: '15', ms: undefined },
  { text: '00', ms: undefined },
  { text: '-', ms: undefined },
  { text: 's', ms: undefined },
  { text: '.s', ms: undefined },
  { text: '1 s', ms: undefined },
  { text: ' 1s', ms: undefined },
  { text: '1S', ms: undefined },
  { text: '1d', ms: undefined },
  { text: '1h30', ms: undefined },
  { text: '1e3s', ms: undefined },
  { text: '1.5.5s', ms: undefined },
  { text: '1m-30s', ms: undefined },
  { text: '--1s', ms: undefined },
  { text: '1_000ms', ms: undefined },
  { text: '15s\n', ms: undefined },
];

for (const { text, ms } of rows) {
  test(`the duration ${JSON.stringify(text)} is ${ms === undefined ? 'invalid' : `${ms} ms`}`, () => {
    assert.equal(parseDuration(text), ms);
  });
}

test('hours, minutes, seconds, and milliseconds add up', () => {
  const count = fc.nat({ max: 999 });
  fc.assert(
    fc.property(count, count, count, count, fc.boolean(), (h, m, s, ms, isNegative) => {
      const whole = ((h * 60 + m) * 60 + s) * 1000 + ms;
      const text = `${isNegative ? '-' : ''}${h}h${m}m${s}s${ms}ms`;
      assert.equal(parseDuration(text), isNegative ? -whole : whole);
    }),
  );
});
