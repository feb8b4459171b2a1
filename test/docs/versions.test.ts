/** docs/versions.md has only commands that tests follow on the pages that it summarizes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './document.ts';

function commandsOf(path: string): string[] {
  const blocks = readFileSync(join(root, path), 'utf8').matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm);
  const lines = [...blocks].flatMap(([, , text = '']) => text.replaceAll('--namespace ', '-n ').split('\n'));
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

test('every command of docs/versions.md is in docs/upgrade.md or docs/install.md', () => {
  const followed = new Set(['docs/upgrade.md', 'docs/install.md'].flatMap(commandsOf));
  const commands = commandsOf('docs/versions.md');
  assert.ok(commands.length >= 5);
  assert.deepEqual(
    commands.filter((command) => !followed.has(command)),
    [],
  );
});
