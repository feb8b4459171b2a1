import type { Histogram } from './histogram.ts';

/**
 * The Prometheus text format, version 0.0.4: what a scrape reads. Pure: definitions and numbers in, text out.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** What a metric means, as it is in `# HELP` and `# TYPE`, and in docs/metrics.md. */
export interface Definition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

type SampleValue<D extends Definition> = D['type'] extends 'histogram' ? Histogram : number;

type Texts<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string };

/** One series: the values of the labels in their order, then the number. */
export type Series<D extends Definition> = readonly [...labels: Texts<D['labels']>, value: SampleValue<D>];

/** The series of each metric that there is something to say of. */
export type Readings<Definitions extends Readonly<Record<string, Definition>>> = {
  readonly [Name in keyof Definitions]?: Iterable<Series<Definitions[Name]>>;
};

/** The metrics in the order of their definitions; those without a series are left out. */
export function exposition<Definitions extends Readonly<Record<string, Definition>>>(
  definitions: Definitions,
  readings: Readings<Definitions>,
): string {
  const lines: string[] = [];
  for (const [name, { type, help, labels }] of Object.entries(definitions)) {
    let isFirst = true;
    for (const series of readings[name] ?? []) {
      if (isFirst) lines.push(`# HELP ${name} ${escapedHelp(help)}`, `# TYPE ${name} ${type}`);
      isFirst = false;
      const pairs = labels.map((label, index) => `${label}="${escapedValue(String(series[index]))}"`);
      const value = series[labels.length];
      if (typeof value === 'number') lines.push(`${name}${braced(pairs)} ${numeral(value)}`);
      else if (typeof value === 'object') pushHistogram(lines, name, pairs, value);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** A bucket counts what is not above its bound, so each has all of those before it. */
function pushHistogram(lines: string[], name: string, pairs: readonly string[], histogram: Histogram): void {
  let count = 0;
  for (const [bound, inBucket] of histogram.buckets()) {
    count += inBucket;
    lines.push(`${name}_bucket${braced([...pairs, `le="${numeral(bound)}"`])} ${count}`);
  }
  lines.push(`${name}_sum${braced(pairs)} ${numeral(histogram.sum)}`);
  lines.push(`${name}_count${braced(pairs)} ${count}`);
}

function braced(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** As Go's ParseFloat reads it. */
function numeral(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

function escapedHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapedValue(text: string): string {
  return escapedHelp(text).replaceAll('"', '\\"').toWellFormed();
}
