/** Compares docs/reference.md with the program: the document lists every name and nothing that no longer exists. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { documentedForm } from '../../scripts/config-keys.ts';
import { flagGroups, ignoredFlags } from '../../src/cmd/flags/controller-flags.ts';
import { placeholder } from '../../src/cmd/flags/flags.ts';
import { keyForms } from '../../src/core/config/keys.ts';
import { readAddress } from '../../src/core/ip/address.ts';
import { formatRecord } from '../../src/core/model/allocation-record.ts';
import { kubeVipAnnotations } from '../../src/core/model/known-annotations.ts';
import { annotations, defaultClass, goFinalizer, labels } from '../../src/core/model/well-known-names.ts';
import { listed } from '../core/listed.ts';
import { firstCells, plain, root, sectionsOf } from './document.ts';

const document = 'docs/reference.md';

/** The rows of the table with this first heading. */
function rowsOf(heading: string): (readonly string[])[] {
  const parts = sectionsOf(document).flatMap((section) => section.parts);
  return parts.flatMap((part) => (part.kind === 'table' && part.head[0] === heading ? part.rows : []));
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

test('lists every key of the ConfigMap', () => {
  assert.deepEqual(firstCells(document, 'key'), keyForms.map(documentedForm));
});

test('lists every annotation, label, and other name on objects', () => {
  assert.deepEqual(firstCells(document, 'annotation').toSorted(), Object.values(annotations).toSorted());
  const ofKubeVip = firstCells(document, 'annotation of kube-vip').flatMap((cell) => cell.split(', '));
  assert.deepEqual(ofKubeVip.map(plain).toSorted(), kubeVipAnnotations.toSorted());
  assert.deepEqual(firstCells(document, 'label').toSorted(), Object.values(labels).toSorted());
  const text = readFileSync(join(root, document), 'utf8');
  for (const name of [goFinalizer, defaultClass]) assert.ok(text.includes(`\`${name}\``), name);
});

test('lists every key of the allocation record', () => {
  const record = {
    ...{ source: 'static', addresses: listed('10.1.0.1'), ports: 'TCP/80', families: 'SingleStack IPv4' },
    ...{
      interface: 'eth3',
      vlan: '120',
      lease: 'l',
      pool: 'dmz',
      uid: 'u',
      controller: 'c',
      was: readAddress('10.1.0.2') ?? assert.fail(),
    },
  };
  const keys = Object.keys(JSON.parse(formatRecord(record)) as object);
  assert.deepEqual(firstCells(document, 'JSON key'), keys);
});

test('lists every flag, with its default and help text', () => {
  const flags = flagGroups.flatMap(({ flags }) => Object.entries(flags));
  const expected = flags.map(([name, flag]) => {
    const value = flag.type === 'string' && flag.wants !== undefined ? ` ${placeholder(flag.wants)}` : '';
    return [`${dashed(name)}${value}`, flag.default ?? '', flag.help];
  });
  assert.deepEqual(
    rowsOf('flag').map((row) => row.map(plain)),
    expected,
  );
});

test('lists every flag that is accepted without effect, and why', () => {
  const expected = ignoredFlags.map(({ reason, booleans, others }) => [
    reason,
    [...booleans, ...others].sort().map(dashed).join(', '),
  ]);
  assert.deepEqual(
    rowsOf('because').map((row) => row.map(plain)),
    expected,
  );
});

test('lists every environment variable', () => {
  const sources = globSync('src/**/*.ts', { cwd: root }).map((file) =>
    readFileSync(join(root, file), 'utf8'),
  );
  const read = sources.flatMap((text) => [
    ...[...text.matchAll(/\benv\.([A-Z_]+)\b/g)].map(([, name = '']) => name),
    ...[...text.matchAll(/'(KUBEVIP_[A-Z_]+)'/g)].map(([, name = '']) => name),
  ]);
  assert.deepEqual(firstCells(document, 'variable').toSorted(), [...new Set(read)].sort());
});

test('lists every path and exit code', () => {
  const source = readFileSync(join(root, 'src/cmd/controller/health-server.ts'), 'utf8');
  const served = [...source.matchAll(/\['(\/\w+)', /g)].map(([, path = '']) => path);
  assert.deepEqual(firstCells(document, 'path'), served);
  const main = readFileSync(join(root, 'src/cmd/controller/main.ts'), 'utf8');
  const [, codes = ''] = /^const exit = \{(.*)\}/m.exec(main) ?? [];
  assert.deepEqual(firstCells(document, 'code'), codes.match(/\d+/g));
});
