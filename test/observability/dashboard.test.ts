import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processMetrics, readProcessMetrics } from '../../src/cmd/controller/process-metrics.ts';
import { controllerMetrics } from '../../src/controller/metrics.ts';
import { until } from '../client/fake-clock.ts';
import { createCluster, TestReplica } from '../controller/replica.ts';
import { needsPromtool, promtool } from '../controlplane/promtool.ts';
import { readQuery, unknownNames } from './queries.ts';
import { textOf } from './table.ts';

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: { uid: string };
  gridPos: { h: number; w: number; x: number; y: number };
  fieldConfig?: { defaults: { unit: string } };
  targets?: { expr: string; legendFormat: string; datasource: { uid: string } }[];
}

const text = textOf('deploy/monitoring/dashboard.json');
const dashboard = JSON.parse(text) as {
  uid: string;
  panels: Panel[];
  templating: { list: { query: unknown }[] };
};
const charts = dashboard.panels.filter(({ type }) => type !== 'row');

/** The queries that Grafana sends with all jobs selected. */
const queries = charts.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({
    title,
    legend: [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label),
    expr: expr.replaceAll('$job', '.+').replaceAll('$__rate_interval', '5m'),
  })),
);

test('each panel of the dashboard has a title, a unit, a description and a query', () => {
  assert.ok(charts.length > 20);
  for (const { title, description = '', fieldConfig, targets = [], datasource } of charts) {
    assert.match(title, /^\w/);
    assert.match(description, /^[A-Z<\d].*\.$/, title);
    assert.match(fieldConfig?.defaults.unit ?? '', /^\w+$/, title);
    assert.ok(targets.length > 0, title);
    for (const source of [datasource, ...targets.map(({ datasource }) => datasource)])
      assert.equal(source?.uid, `\${datasource}`, title);
  }
});

test('the panels have unique ids, and do not overlap or exceed the grid', () => {
  const ids = dashboard.panels.map(({ id }) => id);
  assert.deepEqual(ids, [...new Set(ids)]);
  const occupied = new Map<string, string>();
  for (const { title, gridPos } of dashboard.panels) {
    const { h, w, x, y } = gridPos;
    assert.ok(h > 0 && w > 0 && x >= 0 && y >= 0 && x + w <= 24, title);
    for (let row = y; row < y + h; row += 1)
      for (let column = x; column < x + w; column += 1) {
        const cell = `${column},${row}`;
        assert.equal(occupied.get(cell), undefined, `${title} at ${cell}`);
        occupied.set(cell, title);
      }
  }
});

test('the dashboard has a stable uid, and loads nothing from other sites', () => {
  assert.equal(dashboard.uid, 'kube-vip-cloud-provider');
  assert.doesNotMatch(text, /https?:\/\//);
});

/** The metrics of a leader with an assigned and a pending Service. */
async function scrape(): Promise<string> {
  const { clock, api, load } = createCluster('10.0.0.1', { 'quota-global': '9' });
  const replica = new TestReplica(api, clock, 'one').start();
  await until(() => replica.process.controller.isIdle);
  load('default/a');
  load('default/b');
  const metricsOf = (): string => replica.process.metrics();
  await until(
    () => /services_pending\{/.test(metricsOf()) && /time_to_address_seconds_count 1/.test(metricsOf()),
  );
  const metrics = metricsOf() + readProcessMetrics(0);
  await replica.stop();
  return metrics;
}

test('every metric, label and label value in the dashboard is in a scrape of a leader', async () => {
  const series = (await scrape())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', braces = ''] = /^(\w+)(\{.*\})? /.exec(line) ?? [];
      const pairs = [...braces.matchAll(/(\w+)="([^"]*)"/g)];
      return { name, labels: new Map(pairs.map(([, label = '', value = '']) => [label, value])) };
    });
  for (const { title, expr } of queries) {
    const query = readQuery(expr);
    assert.ok(query.selectors.length > 0, title);
    assert.deepEqual(unknownNames(query), [], title);
    for (const { metric, matchers } of query.selectors) {
      const own = matchers.filter(([label]) => label !== 'job');
      const found = series.some(
        ({ name, labels }) =>
          name === metric &&
          own.every(([label, operator, value]) => operator === '=' && labels.get(label) === value),
      );
      assert.ok(found, `${title}: no ${metric} with ${JSON.stringify(own)}`);
      assert.ok(
        matchers.some(([label]) => label === 'job'),
        `${title}: ${metric} of every job`,
      );
    }
  }
});

test('legends use labels that their queries keep, and every metric of ours has a panel', () => {
  const charted = new Set<string>();
  for (const { title, expr, legend } of queries) {
    const { selectors, grouped } = readQuery(expr);
    for (const { metric } of selectors) charted.add(metric.replace(/_bucket$/, ''));
    const isGrouped = /\bby\b|\b(?:sum|max|min|count)\(/.test(expr);
    for (const label of legend)
      assert.ok(isGrouped ? grouped.includes(label) : label === 'instance', `${title}: {{${label}}}`);
  }
  const [variable] = dashboard.templating.list.slice(1);
  assert.match(JSON.stringify(variable?.query), /label_values\(kube_vip_cloud_provider_build_info, job\)/);
  const all = Object.keys({ ...controllerMetrics, ...processMetrics });
  const missing = all.filter((name) => !charted.has(name));
  assert.deepEqual(missing, ['nodejs_heap_size_total_bytes']);
});

test('Prometheus can parse every query of the dashboard', needsPromtool, async () => {
  for (const { title, expr } of queries) {
    const output = await promtool(['--experimental', 'promql', 'format', expr]);
    assert.doesNotMatch(output, /exit \d+$/, `${title}: ${output}`);
  }
  assert.match(await promtool(['--experimental', 'promql', 'format', 'sum(']), /exit 1$/);
});
