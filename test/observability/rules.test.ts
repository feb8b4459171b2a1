import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { pageAddress, releaseSettings } from '../../scripts/release/settings.ts';
import { needsPromtool, promtool } from '../controlplane/promtool.ts';
import { anchorsOf, proseOf } from '../docs/document.ts';
import { readQuery, unknownNames } from './queries.ts';
import { tableIn, textOf } from './table.ts';

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: Readonly<Record<string, string>>;
}

interface Cases {
  tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = 'deploy/monitoring';
const file = parse(textOf(`${folder}/alerts.yaml`)) as { groups: { rules: Rule[] }[] };
const rules = file.groups.flatMap(({ rules }) => rules);
const document = textOf('docs/monitoring.md');

test('promtool accepts the alerts, and their test cases pass', needsPromtool, async () => {
  const path = (name: string): string => `${root}${folder}/${name}`;
  const args = ['check', 'rules', '--lint=all', '--lint-fatal', path('alerts.yaml')];
  assert.match(await promtool(args), new RegExp(`SUCCESS: ${rules.length} rules found\\s*$`));
  assert.match(await promtool(['test', 'rules', path('alerts.test.yaml')]), /^ *SUCCESS\s*$/);
});

test('each alert has a test case in which it fires, and one in which it does not', () => {
  const { tests } = parse(textOf(`${folder}/alerts.test.yaml`)) as Cases;
  const counts = (isFiring: boolean): string[] => {
    const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    const fitting = cases.filter(({ exp_alerts }) => exp_alerts.length > 0 === isFiring);
    return [...new Set(fitting.map(({ alertname }) => alertname))].sort();
  };
  const all = rules.map(({ alert }) => alert).sort();
  assert.ok(all.length > 0);
  assert.deepEqual(counts(true), all);
  assert.deepEqual(counts(false), all);
});

test('the alerts use existing metrics and labels, and their texts use labels that the expression keeps', () => {
  for (const { alert, expr, annotations } of rules) {
    const query = readQuery(expr);
    assert.ok(query.selectors.length > 0, alert);
    assert.deepEqual(unknownNames(query), [], alert);
    const named = Object.values(annotations).flatMap((text) => [...text.matchAll(/\$labels\.(\w+)/g)]);
    for (const [, label = ''] of named) {
      const matchers = `{${label}="x"}`;
      const known = query.selectors.some(
        ({ metric }) => unknownNames(readQuery(metric + matchers)).length === 0,
      );
      assert.ok(known, `${alert}: ${label}`);
    }
  }
});

test('each alert has a severity, a summary, a description and a runbook', () => {
  for (const { alert, labels, annotations } of rules) {
    assert.match(labels.severity, /^(?:warning|critical)$/, alert);
    assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'runbook_url'], alert);
    assert.match(annotations.description ?? '', /\.$/, alert);
  }
});

test('the runbook of each alert is the section of docs/troubleshooting.md that names it', () => {
  const page = 'docs/troubleshooting.md';
  const address = pageAddress(releaseSettings(root), page);
  const sections = anchorsOf(proseOf(page));
  for (const { alert, annotations } of rules) {
    const [runbook, anchor = ''] = annotations.runbook_url?.split('#') ?? [];
    assert.equal(runbook, address, alert);
    const section = sections.get(anchor) ?? assert.fail(`${alert}: there is no heading for #${anchor}`);
    const name = alert.replace('KubeVipCloudProvider', '');
    assert.ok(section.includes(`\`${name}\``), `${alert}: the section #${anchor} does not name it`);
  }
});

test('docs/monitoring.md lists every alert, with its severity and duration', () => {
  const heading = '| alert | severity | after | what it means | what to do |';
  assert.deepEqual(
    tableIn(document, heading).map(([name = '', severity, after]) => [
      name.replace(/^`(.*)`$/, 'KubeVipCloudProvider$1'),
      severity,
      after,
    ]),
    rules.map(({ alert, labels, for: after = 'at once' }) => [alert, labels.severity, after]),
  );
});

test('the command in docs/monitoring.md creates a PrometheusRule with the same rules', () => {
  const [, command = ''] = /```sh\n(\{.*?\n\}) \| kubectl apply -f -\n```/s.exec(document) ?? [];
  const { stdout, stderr, status } = spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  const { kind, spec } = parse(stdout) as { kind: string; spec: unknown };
  assert.equal(kind, 'PrometheusRule');
  assert.deepEqual(spec, file);
});
