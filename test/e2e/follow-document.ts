import assert from 'node:assert/strict';
import { type Block, plain, type Section, type Table } from '../docs/document.ts';
import type { Cluster } from './cluster.ts';
import type { ControllerProcess } from './controller.ts';
import { eventually } from './eventually.ts';
import type { Shell } from './guide.ts';

/**
 * A section of a document, followed from top to bottom:
 *
 * - `yaml` is applied, `sh` is run;
 * - `console` is commands, each behind a `$`, with what they then show, sooner or later; a `…` stands for anything;
 * - a table of Services and addresses is what then is, and in its third column, what their events say;
 * - a table of written and reported is what of the ConfigMap is reported.
 *
 * Everything else is for people.
 */
export interface DocumentContext {
  readonly cluster: Cluster;
  readonly shell: Shell;
  readonly controllers: readonly ControllerProcess[];
}

export async function followSection({ parts, title }: Section, context: DocumentContext): Promise<void> {
  let checks = 0;
  for (const part of parts) {
    if (part.kind === 'block') checks += await followBlock(part, context);
    else checks += await compareTable(part, context);
  }
  assert.ok(checks > 0, `nothing in "${title}" says what comes of it`);
}

/** Whether there is something in a section to do. */
export function hasBlocks({ parts }: Section): boolean {
  return parts.some(({ kind }) => kind === 'block');
}

/** Returns how much was compared. */
async function followBlock({ language, text }: Block, { cluster, shell }: DocumentContext): Promise<number> {
  const namespaces = text.matchAll(/(?:\bnamespace:|--namespace|\s-n) +([a-z0-9-]+)/g);
  for (const [, name = ''] of namespaces) if (name !== 'kube-system') await cluster.namespace(name);
  switch (language) {
    case 'yaml':
      await cluster.kubectl(['apply', '-f', '-'], text);
      return 0;
    case 'sh':
      await shell.run(text);
      return 0;
    case 'console': {
      const [, ...steps] = text.split(/^\$ /m);
      for (const step of steps) {
        const [, command = '', shown = ''] = /^((?:.*\\\n)*.*\n)([\s\S]*)$/.exec(step) ?? [];
        await eventually(async () => assert.match(spaced(await shell.run(command)), pattern(shown)));
      }
      return steps.length;
    }
    default:
      assert.fail(`nobody knows what to do with a block of ${language}:\n${text}`);
  }
}

async function compareTable({ head, rows }: Table, context: DocumentContext): Promise<number> {
  const [first, second] = head;
  if (first === 'Service' && second === 'address') {
    for (const row of rows) await compareService(row, context);
    return rows.length;
  }
  if (first === 'written' && second === 'reported') {
    for (const [, said = ''] of rows) await isReported(said, context);
    return rows.length;
  }
  return 0;
}

async function compareService(row: readonly string[], { cluster }: DocumentContext): Promise<void> {
  const [key, address, said = ''] = row.map(plain);
  assert.ok(key !== undefined && address !== undefined);
  const path = key.includes('/') ? key : `default/${key}`;
  await eventually(async () => {
    const { addresses, specIP, label } = await cluster.assignment(path);
    const shown = addresses ?? specIP ?? '';
    const seen = label === null ? (shown === '' ? 'none' : `${shown}, not served`) : shown;
    assert.equal(seen, address, path);
    if (said === '') return;
    const messages = (await cluster.events(path)).map(({ message }) => message);
    assert.ok(
      messages.some((message) => within(said).test(message)),
      `${path} is told ${said}: ${messages.join('\n')}`,
    );
  });
}

/** An event has room for some of it; the log says it all. */
async function isReported(said: string, { cluster, controllers }: DocumentContext): Promise<void> {
  await eventually(async () => {
    const log = controllers.flatMap((controller) => controller.log);
    assert.ok(
      log.some(({ msg }) => within(plain(said)).test(msg)),
      `the log says ${said}`,
    );
    assert.ok((await cluster.events('kube-system/kubevip', 'ConfigMap')).length > 0);
  });
}

/** What is shown, whatever the columns' widths. */
function pattern(shown: string): RegExp {
  return new RegExp(`^${fragments(spaced(shown))}$`);
}

/** A sentence or a part of one, wherever it stands. */
function within(said: string): RegExp {
  return new RegExp(fragments(said), 'i');
}

function fragments(text: string): string {
  return text
    .split('…')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('[\\s\\S]*');
}

function spaced(text: string): string {
  return text
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/ ?\n/g, '\n')
    .trim();
}
