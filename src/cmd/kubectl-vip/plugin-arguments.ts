import { nearestWord } from '../../core/text/nearest.ts';
import { quoted } from '../../core/text/quote.ts';
import type { Environment } from '../flags/environment.ts';
import { parseFlags } from '../flags/flags.ts';
import { type CommandName, commandNames, flagsOf } from './commands.ts';
import { commandHelp, pluginHelp } from './plugin-help.ts';
import { readName, type SettingFlags } from './settings.ts';

export type Format = 'table' | 'wide' | 'json' | 'yaml';

/** What a command line asks for. */
export interface Invocation {
  readonly command: CommandName;
  readonly words: readonly string[];
  /** As given; undefined: the context's. */
  readonly namespace: string | undefined;
  readonly isAllNamespaces: boolean;
  readonly output: Format;
  /** Paths, or `-`. */
  readonly files: readonly string[];
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly settings: SettingFlags;
  readonly isWatching: boolean;
  /** Of the page; 0: a free one. */
  readonly port: number;
  /** Whether colours are welcome; whether there is a terminal is for the caller to see. */
  readonly isColoured: boolean;
}

export type PluginRequest =
  | { readonly kind: 'run'; readonly invocation: Invocation }
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'completion' }
  /** Completes the last of these words for a shell. */
  | { readonly kind: 'complete'; readonly words: readonly string[] }
  | { readonly kind: 'usage'; readonly message: string };

const formats: readonly Format[] = ['table', 'wide', 'json', 'yaml'];
const others = ['help', 'completion', 'version'];

/** Flags may stand before the command, as kubectl has it. */
export function pluginRequest(argv: readonly string[], env: Environment): PluginRequest {
  if (argv[0] === '__complete') return { kind: 'complete', words: argv.slice(1) };
  const word = commandWord(argv);
  if (word === undefined) {
    if (argv.length === 0 || argv.some((one) => one === '-h' || one === '--help'))
      return { kind: 'print', text: pluginHelp };
    if (argv.includes('--version')) return { kind: 'version' };
    return usage('there is no command. Say what you want to know', 'kubectl vip --help');
  }
  if (word === 'version') return { kind: 'version' };
  if (word === 'completion') return { kind: 'completion' };
  if (word === 'help') {
    const about = commandNames.find((name) => name === argv[argv.indexOf('help') + 1]);
    return { kind: 'print', text: about === undefined ? pluginHelp : commandHelp(about) };
  }
  const command = commandNames.find((name) => name === word);
  if (command === undefined) {
    const near = nearestWord(word, [...commandNames, ...others]);
    const advice = near === undefined ? '' : ` Do you mean ${near}?`;
    return usage(`there is no command ${quoted(word)}.${advice}`, 'kubectl vip --help');
  }
  return commandRequest(command, argv, env);
}

/** The first word that is no flag and no flag's value. */
function commandWord(argv: readonly string[]): string | undefined {
  const all = Object.assign({}, ...commandNames.map(flagsOf)) as ReturnType<typeof flagsOf>;
  const parsed = parseFlags(argv, all);
  return 'message' in parsed ? argv.find((word) => !word.startsWith('-')) : parsed.words[0];
}

function commandRequest(command: CommandName, argv: readonly string[], env: Environment): PluginRequest {
  const help = `kubectl vip ${command} --help`;
  const parsed = parseFlags(argv, flagsOf(command));
  if ('message' in parsed) return usage(parsed.message, help);
  const { values, all, words } = parsed;
  if (values.get('help') === 'true') return { kind: 'print', text: commandHelp(command) };
  const written = values.get('output') ?? 'table';
  const output = formats.find((format) => format === written);
  if (output === undefined) {
    const near = nearestWord(written, formats);
    const meant = near === undefined ? '' : ` Do you mean ${near}?`;
    return usage(`--output is table, wide, json or yaml, not ${quoted(written)}.${meant}`, help);
  }
  const files = all.get('filename') ?? [];
  if (files.filter((file) => file === '-').length > 1)
    return usage('standard input (-) can be read only once. Name it once.', help);
  const settings = settingFlags(values);
  if ('message' in settings) return usage(settings.message, help);
  const isWatching = values.get('watch') === 'true';
  if (isWatching && files.length > 0)
    return usage(
      '--watch needs a cluster, and -f is a dump, which does not change. Leave one of them out.',
      help,
    );
  if (isWatching && output !== 'table' && output !== 'wide')
    return usage(`--watch shows a table, not ${output}. Leave one of them out.`, help);
  const port = values.get('port') ?? '0';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    return usage(`--port is a number from 1 to 65535, or 0 for a free one, not ${quoted(port)}.`, help);
  if (command === 'web' && output !== 'table')
    return usage(`web has no ${output}: it prints a link. Leave --output out.`, help);
  return {
    kind: 'run',
    invocation: {
      command,
      words: words.slice(1),
      namespace: values.get('namespace'),
      isAllNamespaces: values.get('all-namespaces') === 'true',
      output,
      files,
      context: values.get('context'),
      kubeconfig: values.get('kubeconfig'),
      settings,
      isWatching,
      port: Number(port),
      isColoured: (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    },
  };
}

function settingFlags(values: ReadonlyMap<string, string>): SettingFlags | { message: string } {
  const named = (flag: string) => {
    const text = values.get(flag);
    return text === undefined ? undefined : readName(`--${flag}`, text);
  };
  const [deployment, configMap] = [named('deployment'), named('configmap')];
  for (const one of [deployment, configMap]) if (one !== undefined && 'message' in one) return one;
  const given = values.get('class');
  return {
    deployment: deployment as SettingFlags['deployment'],
    configMap: configMap as SettingFlags['configMap'],
    class: given === 'none' ? '' : given,
    controller: values.get('controller'),
  };
}

function usage(message: string, help: string): PluginRequest {
  return { kind: 'usage', message: `${message}\nWrite ${help} for what there is.` };
}
