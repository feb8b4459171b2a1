import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { nearestKey } from '../../src/core/config/corrections.ts';
import { configKeys, type KeyForm, keyForms, parseKey, scopes, startOf } from '../../src/core/config/keys.ts';
import { memoryOf } from '../../src/core/config/settings.ts';
import { badPools } from './bad-input.ts';

/** The table of keys is consistent, and the reader does what it says. */

function problemsIn(data: Record<string, string>) {
  return readConfig({ metadata: { name: 'kubevip' }, data }).problems;
}

/** What a key of this form needs beside it: its pool, and a list that names the pool. */
function besides(form: KeyForm): Record<string, string> {
  const names = form.scope === 'pool' ? targetsOf(form) : ['internal', 'dmz'];
  const pools = names.map((name) => [`pool.${name}`, '172.16.0.1']);
  return { ...Object.fromEntries(pools), 'pools-other': names.join() };
}

/** The problems of a key, without those of the keys beside it. */
function problemsOf(form: KeyForm, key: string, value: string) {
  return problemsIn({ ...besides(form), [key]: value }).filter((problem) => problem.key === key);
}

/** Keys of this form. */
function keysOf(form: KeyForm): string[] {
  return targetsOf(form).map((target) => startOf(form) + target);
}

function targetsOf(form: KeyForm): string[] {
  return form.scope === 'all' ? [''] : ['a', 'global', 'b-c', 'd-x', ...Object.keys(configKeys)];
}

/** What is wrong with these starts of keys: `cidr-x-a` would be a key of its own rather than `cidr` for namespace `x-a`. */
function ambiguous(starts: readonly string[]): string[] {
  return starts
    .filter((one) => one.endsWith(scopes.namespace.separator))
    .flatMap((one) =>
      starts.filter((other) => other !== one && other.startsWith(one)).map((other) => [one, other]),
    )
    .map(([one, other]) => `${other} takes namespaces from ${one}: rename it`);
}

test('no key starts like another one with a namespace', () => {
  assert.deepEqual(ambiguous(keyForms.map(startOf)), []);
  const starts = ['cidr-', 'cidr-x-', 'cool-down', 'cool-down-', 'cidr.'];
  assert.deepEqual(ambiguous(starts), ['cidr-x- takes namespaces from cidr-: rename it']);
});

for (const form of keyForms) {
  const [key = ''] = keysOf(form);
  const { row, spelling, scope } = form;

  test(`${key} is read by its row and no other`, () => {
    for (const one of keysOf(form)) {
      const parsed = parseKey(one);
      assert.deepEqual([parsed?.row, parsed?.spelling, parsed?.scope], [row, spelling, scope], one);
    }
    const others = keyForms.filter((other) => other !== form && other.spelling === spelling);
    assert.ok(others.every((other) => other.scope !== scope));
  });

  test(`${key}: the examples of its type are valid, and its default is one of them`, () => {
    assert.ok(row.type.valid.length > 0);
    for (const value of row.type.valid) assert.deepEqual(problemsOf(form, key, value), [], value);
    if (row.default !== undefined) assert.ok(row.type.valid.includes(String(row.default)));
  });

  test(`${key}: the examples of problems have their problem`, () => {
    for (const [code, values] of Object.entries(row.type.invalid))
      for (const value of values) {
        const problems = problemsOf(form, key, value);
        assert.ok(
          problems.some((problem) => problem.code === code && problem.key === key),
          `${code}: ${value}`,
        );
        if ('parse' in row.type) {
          const meanings = problems.map((problem) => ('meaning' in problem ? problem.meaning : undefined));
          assert.deepEqual(meanings, [String(row.default ?? '')]);
        }
      }
  });

  test(`${key}: the bad-input table has a row for each problem of its type, and for a misspelled key`, () => {
    const rows = badPools.filter(([written]) => {
      const parsed = parseKey(written);
      return parsed?.spelling === spelling && parsed.scope === scope;
    });
    const found = new Set(
      rows.flatMap(([written, value]) => problemsIn({ [written]: value }).map(({ code }) => code)),
    );
    assert.deepEqual(
      Object.keys(row.type.invalid).filter((code) => ![...found, ''].includes(code)),
      [],
    );
    const meant = badPools.map(([written]) =>
      parseKey(written) === undefined ? nearestKey(written) : undefined,
    );
    assert.ok(
      meant.some((one) => {
        const parsed = parseKey(one ?? '');
        return parsed?.spelling === spelling && parsed.scope === scope;
      }),
      'a misspelled key',
    );
  });

  if (row.yieldsTo !== undefined || spelling !== form.name)
    test(`${key} is reported as unused beside the key that takes precedence`, () => {
      const [value = ''] = row.type.valid;
      for (const name of spelling === form.name ? (row.yieldsTo ?? []) : [form.name]) {
        const by = key.replace(spelling, name);
        const other = parseKey(by)?.row.type.valid[0] ?? assert.fail(by);
        const problems = problemsIn({ ...besides(form), [key]: value, [by]: other });
        assert.deepEqual(problems, [{ code: 'shadowed', key, by }]);
      }
      assert.deepEqual(problemsOf(form, key, value), []);
    });
}

test('freed addresses are remembered for as long as a key needs it, in every scope', () => {
  const memory = (data: Record<string, string>): number =>
    memoryOf(readConfig({ metadata: { name: 'kubevip' }, data }).settings);
  assert.equal(memory({ 'search-order': 'spread' }), 0);
  for (const scope of ['', '-a', '-global', '.internal']) {
    assert.equal(memory({ [`sticky${scope}`]: '5m' }), 300_000);
    assert.equal(memory({ [`cool-down${scope}`]: '5m' }), 300_000);
    assert.equal(memory({ [`search-order${scope}`]: 'least-recently-used' }), Number.POSITIVE_INFINITY);
  }
  assert.equal(memory({ sticky: '5m', 'cool-down-a': '1h', 'cool-down-b': '0s' }), 3_600_000);
});
