import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LeaseLoss } from '../../src/client/election.ts';
import { processMetrics } from '../../src/cmd/controller/process-metrics.ts';
import { controllerMetrics } from '../../src/controller/metrics.ts';
import type { AllocationFailure, TargetFailure } from '../../src/core/decide/allocation-failure.ts';
import { Harness } from '../controller/harness.ts';
import { readQuery, unknownNames } from '../observability/queries.ts';
import { tableIn, textOf } from '../observability/table.ts';

const table = (heading: string): string[][] => tableIn(textOf('docs/metrics.md'), heading);

test('docs/metrics.md lists every metric, with its type, labels and help', () => {
  const defined = Object.entries({ ...controllerMetrics, ...processMetrics }).map(
    ([name, { type, labels, help }]) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ],
  );
  const documented = table('| metric | type | labels | meaning |');
  assert.deepEqual(documented, defined);
});

/** Only reported while there are pending Services. */
const failures: Readonly<Record<Exclude<AllocationFailure, TargetFailure>['code'], true>> = {
  'pool-full': true,
  'pool-empty': true,
  'family-not-in-pool': true,
  'no-pool': true,
  'no-config-map': true,
  'pool-not-listed': true,
  'list-empty': true,
  'no-pool-chosen': true,
  'quota-reached': true,
};

/** Only reported with leader election. */
const losses: Readonly<Record<LeaseLoss, true>> = {
  taken: true,
  unanswered: true,
  rejected: true,
  paused: true,
};

test('docs/metrics.md lists every value of the labels with a fixed set of values', async () => {
  const harness = new Harness().start();
  await harness.settled();
  const text = harness.replica.metrics();
  await harness.stop();
  const values = (metric: string): string[] => {
    const found = text.matchAll(new RegExp(`^kube_vip_cloud_provider_${metric}\\{\\w+="(.*)"\\} `, 'gm'));
    return [...found].map(([, value = '']) => value);
  };
  assert.deepEqual(
    table('| label | values |').map(([label, cell = '']) => {
      const named = [...cell.replaceAll(/\(.*?\)/g, '').matchAll(/`([^`]*)`/g)];
      return [label, named.map(([, value]) => value)];
    }),
    [
      ['`state`', values('services')],
      ['`reason` of pending Services', Object.keys(failures)],
      ['`reason` of conflicts', values('services_in_conflict')],
      ['`reason` of unannounced Services', values('services_unannounced')],
      ['`reason` of lost Leases', Object.keys(losses)],
      ['`watch`', values('watch_failures_total')],
      ['`refusal`', values('services_failing')],
      ['`change`', values('pending_changes')],
      ['`owner` of claims', values('claims')],
      ['`cause`', values('assignments_total')],
      ['`code` of problems', values('config_problems')],
    ],
  );
});

test('the queries in docs/metrics.md use existing metrics and labels', () => {
  const cells = table('| | |').map(([, cell = '']) => cell);
  const queries = cells.map((cell) => /^`([^`]*)`/.exec(cell)?.[1] ?? '');
  assert.ok(queries.length > 4);
  for (const query of queries) {
    assert.ok(readQuery(query).selectors.length > 0, query);
    assert.deepEqual(unknownNames(readQuery(query)), [], query);
  }
});
