import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readManifests } from '../../src/manifest/manifests.ts';
import { examples } from '../examples/expected.ts';

const folder = join(import.meta.dirname, '..', '..', 'examples');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

test('every example has expected results and a row in the README, and there are no others', () => {
  assert.deepEqual(files.sort(), Object.keys(examples).sort());
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const listed = [...readme.matchAll(/^\| `([^`]+\.yaml)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(listed.sort(), files);
});

for (const file of files) {
  const text = readFileSync(join(folder, file), 'utf8');
  test(`examples/${file} is valid in Kubernetes and every Service in it has an expected result`, () => {
    const { objects, remarks, errors } = readManifests([{ name: file, text }], {
      configMap: { namespace: 'kube-system', name: 'kubevip' },
    });
    assert.deepEqual([remarks, errors], [[], []]);
    const services = objects.filter(({ kind }) => kind === 'Service');
    const names = services.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    assert.deepEqual(names.sort(), Object.keys(examples[file]?.services ?? {}).sort());
    assert.ok(/^(#.*\n){2,6}apiVersion/.test(text), 'a header of 2 to 6 lines describes the example');
    for (const line of text.split('\n')) assert.ok(line.length <= 120, line);
  });
}
