/** What is generated from the table of keys is up to date. With `UPDATE_DOCS=true`, it is generated first. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generatedFiles, writeGeneratedFiles } from '../../scripts/config-keys.ts';
import { root } from './document.ts';

if (process.env.UPDATE_DOCS === 'true') writeGeneratedFiles(root);

for (const { path, text } of generatedFiles(root))
  test(`${path} says what the table of keys says`, () =>
    assert.equal(
      readFileSync(join(root, path), 'utf8'),
      text,
      `${path} is out of date. Run: npm run generate`,
    ));
