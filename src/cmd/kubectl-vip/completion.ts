import { printable } from '../../core/text/quote.ts';
import { parseFlags } from '../flags/flags.ts';
import { type CommandName, commandNames, commandTexts, flagsOf, type PluginFlag } from './commands.ts';
import { connect } from './connect.ts';
import type { IOStreams } from './io-streams.ts';
import { readServices } from './read-cluster.ts';

/** What kubectl runs for `kubectl vip <TAB>` is a program of this name (kubectl's plugin completion). */
export const completionText = `kubectl completes its plugins by a program that is called kubectl_complete-vip. Put one on
your PATH, beside kubectl-vip:

  #!/bin/sh
  exec kubectl vip __complete "$@"

It is in the distribution as kubectl_complete-vip. The completion of kubectl itself has to
be on: kubectl completion --help.
`;

/** Cobra's directive that says: these are all, do not complete files (ShellCompDirectiveNoFileComp). */
const noFiles = ':4\n';
const files = ':0\n';

/**
 * The answer to a shell, in the protocol of cobra that kubectl speaks: a candidate a line, with a tab before what it
 * means, and a last line that says what else the shell may do.
 */
export async function complete(words: readonly string[], streams: IOStreams): Promise<string> {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const command = commandNames.find((name) => before.includes(name));
  const flags = command === undefined ? flagsOf('explain') : flagsOf(command);
  const open = openFlag(before.at(-1), flags);
  if (open === 'filename' || open === 'kubeconfig') return files;
  const candidates =
    open !== undefined
      ? await valuesOf(open, before, streams)
      : last.startsWith('-')
        ? Object.entries(flags).map(([name, { help }]) => [`--${name}`, help] as const)
        : command === undefined
          ? commandNames.map((name) => [name, commandTexts[name].question] as const)
          : await wordsOf(command, before, streams);
  const fitting = candidates.filter(([word]) => word.startsWith(last));
  return fitting.map(([word, text]) => `${printable(word)}\t${printable(text)}\n`).join('') + noFiles;
}

/** The flag that the last word is the value of. */
function openFlag(word: string | undefined, flags: Readonly<Record<string, PluginFlag>>): string | undefined {
  if (word === undefined || !word.startsWith('-') || word.includes('=')) return undefined;
  const found = Object.entries(flags).find(
    ([name, { short }]) => word === `--${name}` || word === `-${short}`,
  );
  return found?.[1].type === 'string' ? found[0] : undefined;
}

type CompletionCandidate = readonly [word: string, text: string];

async function valuesOf(
  flag: string,
  before: readonly string[],
  streams: IOStreams,
): Promise<CompletionCandidate[]> {
  if (flag === 'output')
    return [
      ['table', 'for people'],
      ['wide', 'with more columns'],
      ['json', 'for programs'],
      ['yaml', 'for programs'],
    ];
  if (flag !== 'namespace') return [];
  const { keys } = await servicesOf(before, streams);
  return [...new Set(keys.map(({ namespace }) => namespace))]
    .sort()
    .map((namespace): CompletionCandidate => [namespace, '']);
}

async function wordsOf(
  command: CommandName,
  before: readonly string[],
  streams: IOStreams,
): Promise<CompletionCandidate[]> {
  if (command !== 'explain') return [];
  const { keys, ofContext } = await servicesOf(before, streams);
  const wanted = flagValues(before).get('namespace') ?? ofContext ?? 'default';
  return keys
    .filter(({ namespace }) => namespace === wanted)
    .map(({ name }): CompletionCandidate => [`service/${name}`, ''])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function flagValues(before: readonly string[]): ReadonlyMap<string, string> {
  const parsed = parseFlags(before, flagsOf('explain'));
  return 'message' in parsed ? new Map() : parsed.values;
}

interface Known {
  readonly keys: readonly { readonly namespace: string; readonly name: string }[];
  readonly ofContext: string | undefined;
}

/** A shell has no place for an error: where a cluster cannot be read there is nothing to offer. */
async function servicesOf(before: readonly string[], streams: IOStreams): Promise<Known> {
  const values = flagValues(before);
  const where = { context: values.get('context'), kubeconfig: values.get('kubeconfig') };
  try {
    const { api, connection, close } = await connect(where, streams);
    try {
      const flags = { deployment: undefined, configMap: undefined, class: undefined, controller: undefined };
      const { clock, signal } = streams;
      const { items } = await readServices({ api, flags, wallMs: clock.wall(), signal }, {});
      return { keys: items.map(({ view }) => view), ofContext: connection.namespace };
    } finally {
      close();
    }
  } catch {
    return { keys: [], ofContext: undefined };
  }
}
