const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // The micro sign and the Greek letter mu.
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const duration = /^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/;

/** Parses a duration like Go's time.ParseDuration, in milliseconds: `15s`, `1m30s`, `1.5h`, `-2s`. `0` needs no unit. */
export function parseDuration(text: string): number | undefined {
  const amount = text.replace(/^[-+]/, '');
  if (amount === '0') return 0;
  if (!duration.test(amount)) return undefined;
  const parts = amount.matchAll(/([\d.]+)([^\d.]+)/g);
  const ms = [...parts].reduce((sum, [, count, unit = '']) => sum + Number(count) * (unitsMs[unit] ?? 0), 0);
  return text.startsWith('-') ? -ms : ms;
}
