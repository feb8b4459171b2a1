import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { nearestKey } from '../../src/core/config/corrections.ts';
import { configKeys, type KeyForm, keyForms, parseKey, startOf } from '../../src/core/config/keys.ts';
import { badPools } from './bad-input.ts';

/** The table of keys is consistent, and the reader does what it says. */

function problemsIn(data: Record<string, string>) {
  return readConfig({ metadata: { name: 'kubevip' }, data }).problems;
}

/** Keys of this form. */
function keysOf(form: KeyForm): string[] {
  const targets = form.scope === 'all' ? [''] : ['global', 'a', 'b-c', 'd-x', ...Object.keys(configKeys)];
  return targets.map((target) => startOf(form) + target);
}

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
    for (const value of row.type.valid) assert.deepEqual(problemsIn({ [key]: value }), [], value);
    if (row.default !== undefined) assert.ok(row.type.valid.includes(String(row.default)));
  });

  test(`${key}: the examples of problems have their problem`, () => {
    for (const [code, values] of Object.entries(row.type.invalid))
      for (const value of values) {
        const problems = problemsIn({ [key]: value });
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
      const by = key.replace(spelling, spelling === form.name ? (row.yieldsTo ?? '') : form.name);
      assert.notEqual(parseKey(by), undefined, by);
      assert.deepEqual(problemsIn({ [key]: value, [by]: value }), [{ code: 'shadowed', key, by }]);
      assert.deepEqual(problemsIn({ [key]: value }), []);
    });
}
