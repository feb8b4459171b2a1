/** The workflows run only commands of this project, and only pinned actions. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { modules } from '../controlplane/binaries.ts';
import { root } from '../docs/document.ts';

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<string, { uses?: string; steps?: Step[]; permissions?: Record<string, string> }>;
}

const folder = join(root, '.github', 'workflows');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const texts = new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
const workflows = [...texts].map(([file, text]): [string, Workflow] => [file, parse(text) as Workflow]);
const steps = workflows.flatMap(([file, { jobs }]) =>
  Object.values(jobs).flatMap(({ steps = [] }) => steps.map((step) => ({ file, ...step }))),
);

test('each command of a workflow is a script of package.json', () => {
  const commands = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
  assert.ok(commands.length > 5);
  for (const command of commands) {
    const [, script = ''] = /^npm run (?:--silent )?([\w:-]+)(?: -- [\w .-]+)?$/.exec(command) ?? [];
    assert.ok(Object.hasOwn(scripts, script), `"${command}" is not a script of package.json`);
  }
});

test('the workflow of a release runs each step of a release, in order', () => {
  const commands = steps.filter(({ file }) => file === 'release.yaml').flatMap(({ run }) => run ?? []);
  assert.deepEqual(
    commands.map((command) => command.replace(/^npm run /, '')),
    [
      'controlplane -- --only helm',
      'release',
      'controlplane -- --only crane helm cosign',
      'push-release',
      'verify-release',
      'github-release',
    ],
  );
  for (const name of ['crane', 'helm', 'cosign']) assert.ok(Object.hasOwn(modules, name), name);
});

test('the workflow of the checks runs CI', () => {
  const commands = steps.filter(({ file }) => file === 'checks.yaml').flatMap(({ run }) => run ?? []);
  assert.deepEqual(commands, ['npm run ci']);
  assert.equal(scripts.ci, '.ci/run');
});

test('actions are pinned by the digest of a version, and no workflow has more permissions than it needs', () => {
  for (const [file, text] of texts)
    for (const [, used = ''] of text.matchAll(/uses: (.*)$/gm))
      assert.match(
        used,
        /^(?:[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\.\/\.github\/workflows\/[\w-]+\.yaml)$/,
        file,
      );
  for (const [file, { permissions, jobs }] of workflows) {
    assert.deepEqual(permissions, { contents: 'read' }, file);
    for (const { uses } of Object.values(jobs))
      if (uses !== undefined) assert.ok(texts.has(uses.replace('./.github/workflows/', '')), uses);
  }
  const writing = workflows.flatMap(([file, { jobs }]) =>
    Object.values(jobs).flatMap(({ permissions }) => (permissions === undefined ? [] : [file])),
  );
  assert.deepEqual(writing, ['release.yaml']);
  for (const { uses = '', with: values } of steps)
    if (uses.startsWith('actions/checkout@')) assert.equal(values?.['persist-credentials'], false);
});

test('the issue forms are valid YAML with a name and questions, and there are no code owners', () => {
  const forms = join(root, '.github', 'ISSUE_TEMPLATE');
  for (const file of readdirSync(forms)) {
    const form = parse(readFileSync(join(forms, file), 'utf8')) as {
      name?: string;
      body?: { id?: string }[];
    };
    if (file === 'config.yml') continue;
    assert.ok(form.name);
    const ids = (form.body ?? []).flatMap(({ id }) => id ?? []);
    assert.ok(ids.length > 0 && new Set(ids).size === ids.length, file);
  }
  assert.ok(!readdirSync(join(root, '.github')).includes('CODEOWNERS'));
});
