import type { Histogram } from './histogram.ts';

/**
 * The Prometheus text format, version 0.0.4. A pure function from definitions and numbers to text.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** The definition of a metric, for `# HELP`, `# TYPE` and docs/metrics.md. */
export interface Definition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

type SampleValue<D extends Definition> = D['type'] extends 'histogram' ? Histogram : number;

type LabelValues<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string };

/** One series: its label values in order, then its value. */
export type Series<D extends Definition> = readonly [
  ...labels: LabelValues<D['labels']>,
  value: SampleValue<D>,
];

/** The current series of each metric. */
export type Readings<Definitions extends Readonly<Record<string, Definition>>> = {
  readonly [Name in keyof Definitions]?: Iterable<Series<Definitions[Name]>>;
};

/** Metrics appear in the order of their definitions; those without series are omitted. */
export function exposition<Definitions extends Readonly<Record<string, Definition>>>(
  definitions: Definitions,
  readings: Readings<Definitions>,
): string {
  const lines: string[] = [];
  for (const [name, { type, help, labels }] of Object.entries(definitions)) {
    let isFirst = true;
    for (const series of readings[name] ?? []) {
      if (isFirst) lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
      isFirst = false;
      const pairs = labels.map((label, index) => `${label}="${escapeLabelValue(String(series[index]))}"`);
      const value = series[labels.length];
      if (typeof value === 'number') lines.push(`${name}${inBraces(pairs)} ${formatNumber(value)}`);
      else if (typeof value === 'object') pushHistogram(lines, name, pairs, value);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Buckets are cumulative. */
function pushHistogram(lines: string[], name: string, pairs: readonly string[], histogram: Histogram): void {
  let count = 0;
  for (const [bound, inBucket] of histogram.buckets()) {
    count += inBucket;
    lines.push(`${name}_bucket${inBraces([...pairs, `le="${formatNumber(bound)}"`])} ${count}`);
  }
  lines.push(`${name}_sum${inBraces(pairs)} ${formatNumber(histogram.sum)}`);
  lines.push(`${name}_count${inBraces(pairs)} ${count}`);
}

function inBraces(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** In the format of Go's ParseFloat. */
function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabelValue(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"').toWellFormed();
}
