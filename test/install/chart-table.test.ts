/** Three files describe the chart's values and must agree. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { valueCases } from './chart-values.ts';
import { at, chart } from './objects.ts';

const read = (file: string): string => readFileSync(join(chart, file), 'utf8');

interface Schema {
  properties?: Record<string, Schema>;
  description?: string;
}

test('values.yaml, its schema, the table in the README and the test cases contain the same values', () => {
  const schema = JSON.parse(read('values.schema.json')) as Schema;
  const values: unknown = parse(read('values.yaml'));
  const rows = [...leaves(schema)].map(([path, description]) => {
    const usual = at(values, path);
    const isLong = typeof usual === 'object' && usual !== null && Object.keys(usual).length > 0;
    const cell = isLong ? 'see [values.yaml](values.yaml)' : `\`${JSON.stringify(usual)}\``;
    return `| \`${path}\` | ${cell} | ${description} |`;
  });
  const table = read('README.md').match(/^\| `.*$/gm);
  assert.deepEqual(table, rows);
  const paths = [...leaves(schema).keys()];
  assert.deepEqual(pathsIn(values, new Set(paths)).sort(), paths.toSorted());
  assert.deepEqual([...new Set(valueCases.map(({ value }) => value))].sort(), paths.toSorted());
});

/** The leaf values with their descriptions. */
function leaves({ properties = {} }: Schema, above = ''): Map<string, string> {
  const found = Object.entries(properties).flatMap(([name, inside]): [string, string][] => {
    // Helm's own value, not one of this chart.
    if (above === '' && name === 'global') return [];
    const path = `${above}${name}`;
    return inside.properties === undefined
      ? [[path, inside.description ?? '']]
      : [...leaves(inside, `${path}.`)];
  });
  return new Map(found);
}

/** The paths of the values in a file, where `known` contains the objects that are one value. */
function pathsIn(values: unknown, known: ReadonlySet<string>, above = ''): string[] {
  if (typeof values !== 'object' || values === null) return [above];
  if (known.has(above)) return [above];
  return Object.entries(values).flatMap(([name, inside]) =>
    pathsIn(inside, known, above === '' ? name : `${above}.${name}`),
  );
}
