import assert from 'node:assert/strict';
import { type Block, plain, type Section, type Table } from '../docs/document.ts';
import type { Cluster } from './cluster.ts';
import type { ControllerProcess } from './controller.ts';
import { eventually } from './eventually.ts';
import type { Shell } from './guide.ts';
import { haveStarted, withPoolsRead } from './pools-read.ts';

/**
 * The environment for a section of a document, which is followed from top to bottom:
 *
 * - `yaml` is applied, `sh` is run;
 * - `console` contains commands after `$`, each with the output that it eventually prints; `…` stands for any text;
 * - a table `Service | address` contains the expected addresses, and in its third column the expected event texts;
 * - a table `written | reported` contains the expected log messages about the ConfigMap.
 *
 * All other content is ignored. As for a reader, the controllers are running, and have read a change of the pools before the
 * next command.
 */
export interface DocumentContext {
  readonly cluster: Cluster;
  readonly shell: Pick<Shell, 'run'>;
  readonly controllers: readonly ControllerProcess[];
}

/** The end of a command that changes a ConfigMap. */
const afterConfigMap = /(?<=^kubectl [a-z]+ configmap (?:.*\\\n)*.*[^\\\n]\n)/m;

export async function followSection({ parts, title }: Section, context: DocumentContext): Promise<void> {
  let checks = 0;
  await haveStarted(context.controllers);
  for (const part of parts) {
    if (part.kind === 'block') checks += await followBlock(part, context);
    else checks += await compareTable(part, context);
  }
  assert.ok(checks > 0, `"${title}" contains no result to compare`);
}

/** Returns whether a section has blocks to follow. */
export function hasBlocks({ parts }: Section): boolean {
  return parts.some(({ kind }) => kind === 'block');
}

/** Returns the number of comparisons. */
async function followBlock({ language, text }: Block, context: DocumentContext): Promise<number> {
  const { cluster, shell, controllers } = context;
  const namespaces = text.matchAll(/(?:\bnamespace:|--namespace|\s-n) +([a-z0-9-]+)/g);
  for (const [, name = ''] of namespaces) if (name !== 'kube-system') await cluster.namespace(name);
  switch (language) {
    case 'yaml':
      await withPoolsRead(cluster, controllers, () => cluster.kubectl(['apply', '-f', '-'], text));
      return 0;
    case 'sh':
      for (const commands of text.split(afterConfigMap).filter((part) => part !== ''))
        await withPoolsRead(cluster, controllers, () => shell.run(commands));
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
      assert.fail(`blocks of ${language} are not supported:\n${text}`);
  }
}

async function compareTable({ head, rows }: Table, context: DocumentContext): Promise<number> {
  const [first, second] = head;
  if (first === 'Service' && second === 'address') {
    for (const row of rows) await compareService(row, context);
    return rows.length;
  }
  if (first === 'written' && second === 'reported') {
    for (const [, text = ''] of rows) await isReported(text, context);
    return rows.length;
  }
  return 0;
}

async function compareService(row: readonly string[], { cluster }: DocumentContext): Promise<void> {
  const [key, address, eventText = ''] = row.map(plain);
  assert.ok(key !== undefined && address !== undefined);
  const path = key.includes('/') ? key : `default/${key}`;
  await eventually(async () => {
    const { addresses, specIP, label } = await cluster.assignment(path);
    const shown = addresses ?? specIP ?? '';
    const seen = label === null ? (shown === '' ? 'none' : `${shown}, not served`) : shown;
    assert.equal(seen, address, path);
    if (eventText === '') return;
    const messages = (await cluster.events(path)).map(({ message }) => message);
    assert.ok(
      messages.some((message) => within(eventText).test(message)),
      `an event of ${path} contains ${eventText}: ${messages.join('\n')}`,
    );
  });
}

/** Checks the log, because an event may have to shorten the text. */
async function isReported(text: string, { cluster, controllers }: DocumentContext): Promise<void> {
  await eventually(async () => {
    const log = controllers.flatMap((controller) => controller.log);
    assert.ok(
      log.some(({ msg }) => within(plain(text)).test(msg)),
      `the log contains ${text}`,
    );
    assert.ok((await cluster.events('kube-system/kubevip', 'ConfigMap')).length > 0);
  });
}

/** Matches the whole output, whatever the widths of columns. */
function pattern(shown: string): RegExp {
  return new RegExp(`^${fragments(spaced(shown))}$`);
}

/** Matches any text that contains this one. */
function within(text: string): RegExp {
  return new RegExp(fragments(text), 'i');
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
