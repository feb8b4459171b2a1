/** The files that contain the chart's values must agree, and the generated files must be current. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { generatedFiles } from '../../scripts/chart.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { valueCases } from './chart-values.ts';
import { base, chart } from './objects.ts';

const read = (file: string): string => readFileSync(join(chart, file), 'utf8');
const { missing } = locateBinaries(process.env, 'helmDocs');
const needsHelmDocs = missing.length > 0 ? { skip: 'needs helm-docs: `npm run controlplane` builds it' } : {};

interface Schema {
  properties?: Record<string, Schema>;
}

test('values.yaml, its schema, the table in the README and the test cases contain the same values', () => {
  const paths = leaves(JSON.parse(read('values.schema.json')) as Schema);
  assert.deepEqual(pathsIn(parse(read('values.yaml')), new Set(paths)), paths);
  const rows = read('README.md').matchAll(/^\| `([\w.]+)` \| (.+) \| (.*) \|$/gm);
  assert.deepEqual(
    [...rows].map(([, path, , meaning]) => [path, meaning === '' ? 'no description' : '']),
    paths.map((path) => [path, '']),
  );
  assert.deepEqual([...new Set(valueCases.map(({ value }) => value))].sort(), paths.toSorted());
});

test('the README, the policies, the alerts and the dashboard of the chart are current', needsHelmDocs, () => {
  const files = generatedFiles(join(base, '..'));
  for (const [path, text] of files)
    assert.equal(read(path), text, `charts/kube-vip-cloud-provider/${path} is outdated. Run: npm run chart`);
  for (const folder of ['admission', 'monitoring'])
    for (const file of readdirSync(join(chart, folder)))
      assert.ok(files.has(`${folder}/${file}`), `${folder}/${file} is not in deploy/. Delete it.`);
});

/** The paths of the leaf values. */
function leaves({ properties = {} }: Schema, above = ''): string[] {
  return Object.entries(properties).flatMap(([name, inside]) => {
    // Helm's own value, not one of this chart.
    if (above === '' && name === 'global') return [];
    const path = `${above}${name}`;
    return inside.properties === undefined ? [path] : leaves(inside, `${path}.`);
  });
}

/** The paths of the values in a file, where `known` contains the objects that are one value. */
function pathsIn(values: unknown, known: ReadonlySet<string>, above = ''): string[] {
  if (typeof values !== 'object' || values === null) return [above];
  if (known.has(above)) return [above];
  return Object.entries(values).flatMap(([name, inside]) =>
    pathsIn(inside, known, above === '' ? name : `${above}.${name}`),
  );
}
