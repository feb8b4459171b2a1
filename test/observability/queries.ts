import { processMetrics } from '../../src/cmd/controller/process-metrics.ts';
import { controllerMetrics } from '../../src/controller/metrics.ts';
import type { Definition } from '../../src/metrics/exposition.ts';

/** The selectors of a PromQL query, for the subset of the language that our rules and panels use. */
export interface Query {
  readonly selectors: readonly Selector[];
  /** The labels that it groups or joins by. */
  readonly grouped: readonly string[];
}

export interface Selector {
  readonly metric: string;
  /** Label, operator and value. */
  readonly matchers: readonly (readonly [label: string, operator: string, value: string])[];
}

const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'on', 'ignoring', 'by', 'without']);
const groupings = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;

export function readQuery(text: string): Query {
  const grouped = [...text.matchAll(groupings)].flatMap(([, labels = '']) => labels.match(/\w+/g) ?? []);
  const bare = text.replaceAll(groupings, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
  const selectors: Selector[] = [];
  // A name that is not a function call, with its matchers.
  for (const [, metric = '', braces = ''] of bare.matchAll(
    /(?<![\w"=~$.])([a-z_:][\w:]*)\b(?!\s*\()(\{[^}]*\})?/gi,
  )) {
    if (words.has(metric)) continue;
    const matchers = [...braces.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)];
    selectors.push({
      metric,
      matchers: matchers.map(([, label = '', operator = '', value = '']) => [label, operator, value]),
    });
  }
  return { selectors, grouped };
}

const definitions: Readonly<Record<string, Definition>> = { ...controllerMetrics, ...processMetrics };

/** Labels that Prometheus adds to each scraped series. */
const targetLabels = ['job', 'instance', 'pod', 'namespace'];

/** The metrics and labels in a query that we do not export. */
export function unknownNames({ selectors, grouped }: Query): string[] {
  const known = new Set(targetLabels);
  const unknown: string[] = [];
  for (const { metric, matchers } of selectors) {
    const definition = definitions[metric] ?? definitions[metric.replace(/_(?:bucket|sum|count)$/, '')];
    const isWhole = definition === definitions[metric];
    if (definition === undefined || (definition.type === 'histogram') === isWhole) {
      unknown.push(metric);
      continue;
    }
    const labels = [...definition.labels, ...(metric.endsWith('_bucket') ? ['le'] : [])];
    for (const label of labels) known.add(label);
    for (const [label] of matchers)
      if (!labels.includes(label) && !targetLabels.includes(label)) unknown.push(`${metric}{${label}}`);
  }
  return [...unknown, ...grouped.filter((label) => !known.has(label))];
}
