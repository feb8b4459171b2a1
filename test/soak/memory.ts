import { count, median, table } from '../../bench/figures.ts';

/** The resource usage of one controller at rest. */
export interface Usage {
  readonly pid: number;
  readonly ageSeconds: number;
  readonly rssBytes: number;
  readonly peakBytes: number;
  /** NaN if the system does not report it. */
  readonly sockets: number;
}

export interface Sample {
  readonly seconds: number;
  readonly services: number;
  readonly uses: readonly Usage[];
}

/** A leak of this size is visible in a short run. */
const grossBytes = 400e6;
/** 16 sockets for short requests, one for each watch, standard output and error; twice that number indicates a leak. */
const mostSockets = 44;
/** The memory at rest varies, because Node.js decides when to return memory. */
const growthShare = 0.15;
const marginBytes = 12e6;
/** With fewer samples, a third of them is noise. */
const leastSamples = 6;

/** Describes what grew. Empty if memory and sockets are flat in these samples. */
export function growth(samples: readonly Sample[]): string[] {
  const uses = samples.flatMap((sample) => sample.uses);
  const gross = uses
    .filter(({ peakBytes }) => peakBytes > grossBytes)
    .map(({ peakBytes }) => `a controller's memory was at ${megabytes(peakBytes)} MB`);
  const open = uses
    .filter(({ sockets }) => sockets > mostSockets)
    .map(({ sockets }) => `a controller at rest has ${sockets} sockets open`);
  const grown = lives(samples).flatMap(({ first, last }) =>
    last > first * (1 + growthShare) + marginBytes
      ? [`a controller's memory at rest grew from ${megabytes(first)} to ${megabytes(last)} MB`]
      : [],
  );
  return [...gross, ...open, ...grown];
}

interface Life {
  readonly samples: number;
  /** The medians of the first and the last third of its samples. */
  readonly first: number;
  readonly last: number;
}

/** The processes that lived long enough to be assessed. */
export function lives(samples: readonly Sample[]): Life[] {
  const byPid = Map.groupBy(
    samples.flatMap(({ uses }) => uses),
    ({ pid }) => pid,
  );
  return [...byPid.values()].flatMap((uses) => {
    if (uses.length < leastSamples) return [];
    const sizes = uses.map(({ rssBytes }) => rssBytes);
    const third = Math.floor(sizes.length / 3);
    return [
      { samples: sizes.length, first: median(sizes.slice(0, third)), last: median(sizes.slice(-third)) },
    ];
  });
}

/** One line for each rest, with the leader's columns first. */
export function memoryTable(samples: readonly Sample[]): string {
  const one = ['pid', 'age s', 'MB', 'most', 'sockets'];
  const cells = ({ pid, ageSeconds, rssBytes, peakBytes, sockets }: Usage): string[] => [
    ...[String(pid), count(ageSeconds), megabytes(rssBytes), megabytes(peakBytes)],
    Number.isNaN(sockets) ? '-' : String(sockets),
  ];
  return table(
    ['at s', 'Services', ...one, ...one],
    samples.map(({ seconds, services, uses }) => [count(seconds), count(services), ...uses.flatMap(cells)]),
  );
}

export function megabytes(bytes: number): string {
  return Number.isNaN(bytes) ? '-' : (bytes / 1e6).toFixed(1);
}
