const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** `2 minutes`, for a duration in milliseconds: the largest unit of which there are at least two, rounded by `round`. */
export function durationText(ms: number, round: (value: number) => number): string {
  const seconds = round(ms / 1_000);
  const [unit, length] = units.find(([, length]) => seconds >= 2 * length) ?? ['second', 1];
  const count = round(seconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
