import { printable } from '../../core/text/quote.ts';
import { type ParsedFlags, parseFlags } from '../flags/flags.ts';
import { type CommandName, commandNames, commandTexts, flagsOf } from './commands.ts';
import { connect } from './connect.ts';
import { connectionTarget, fileFlags } from './connection-target.ts';
import type { IOStreams } from './io-streams.ts';
import type { PluginFlag } from './plugin-flag.ts';
import { readServices } from './read-cluster.ts';

/** Cobra's ShellCompDirectiveNoFileComp: the candidates are complete, do not add file names. */
const noFiles = ':4\n';
const files = ':0\n';

/**
 * Completes the last word, in cobra's protocol, which kubectl uses: one candidate per line with a tab before its
 * description, then a line with a directive for the shell.
 */
export async function complete(words: readonly string[], streams: IOStreams): Promise<string> {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const command = commandNames.find((name) => before.includes(name));
  const flags = command === undefined ? flagsOf('explain') : flagsOf(command);
  const flag = flagBefore(before.at(-1), flags);
  if (flag !== undefined && (flag === 'filename' || fileFlags.has(flag))) return files;
  const candidates =
    flag !== undefined
      ? await flagValueCandidates(flag, before, streams)
      : last.startsWith('-')
        ? Object.entries(flags).map(([name, { help }]) => [`--${name}`, help] as const)
        : command === undefined
          ? commandNames.map((name) => [name, commandTexts[name].summary] as const)
          : await argumentCandidates(command, before, streams);
  const matching = candidates.filter(([word]) => word.startsWith(last));
  return matching.map(([word, text]) => `${printable(word)}\t${printable(text)}\n`).join('') + noFiles;
}

/** The flag whose value comes after this word, if any. */
function flagBefore(
  word: string | undefined,
  flags: Readonly<Record<string, PluginFlag>>,
): string | undefined {
  if (word === undefined || !word.startsWith('-') || word.includes('=')) return undefined;
  const found = Object.entries(flags).find(
    ([name, { short }]) => word === `--${name}` || word === `-${short}`,
  );
  return found?.[1].type === 'string' ? found[0] : undefined;
}

type CompletionCandidate = readonly [word: string, text: string];

async function flagValueCandidates(
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
  const { services } = await servicesFor(before, streams);
  return [...new Set(services.map(({ namespace }) => namespace))]
    .sort()
    .map((namespace): CompletionCandidate => [namespace, '']);
}

async function argumentCandidates(
  command: CommandName,
  before: readonly string[],
  streams: IOStreams,
): Promise<CompletionCandidate[]> {
  if (command !== 'explain' && command !== 'move' && command !== 'history') return [];
  const { services, contextNamespace } = await servicesFor(before, streams);
  const wanted = flagValues(before).values.get('namespace') ?? contextNamespace ?? 'default';
  return services
    .filter(({ namespace }) => namespace === wanted)
    .map(({ name }): CompletionCandidate => [`service/${name}`, ''])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const nothing = { values: new Map<string, string>(), all: new Map<string, readonly string[]>() };

function flagValues(before: readonly string[]): Pick<ParsedFlags, 'values' | 'all'> {
  const command = commandNames.find((name) => before.includes(name));
  const parsed = parseFlags(before, flagsOf(command ?? 'explain'));
  return 'message' in parsed ? nothing : parsed;
}

interface CompletionServices {
  readonly services: readonly { readonly namespace: string; readonly name: string }[];
  readonly contextNamespace: string | undefined;
}

/** None if the cluster cannot be read: completion has no way to report an error. */
async function servicesFor(before: readonly string[], streams: IOStreams): Promise<CompletionServices> {
  const { values, all } = flagValues(before);
  try {
    const target = connectionTarget(values, all);
    if ('message' in target) throw new Error(target.message);
    const { api, connection, close } = await connect(target, streams);
    try {
      const flags = { deployment: undefined, configMap: undefined, class: undefined, controller: undefined };
      const { clock, signal } = streams;
      const { items } = await readServices({ api, flags, wallMs: clock.wall(), signal }, {});
      return { services: items.map(({ view }) => view), contextNamespace: connection.namespace };
    } finally {
      close();
    }
  } catch {
    return { services: [], contextNamespace: undefined };
  }
}
