import { wrapWords } from '../../terminal/wrap.ts';
import { placeholder } from '../flags/flags.ts';
import { type CommandName, commandNames, commandTexts, commonFlags, type PluginFlag } from './commands.ts';

/** The help texts: at most 80 columns, and each example can be copied as it stands. */

const width = 80;
/** Where the texts of commands and flags begin. */
const textColumn = 28;

export const pluginHelp = `${wrapWords(
  'Who has which address, how full the pools are, why a Service waits, and what a change would do: answered by the decisions of kube-vip-cloud-provider itself. It only reads, with your kubeconfig.',
  width,
).join('\n')}

Usage
  kubectl vip COMMAND [FLAGS]

Commands
${commandNames.map((name) => described(`${name} ${commandTexts[name].words}`.trim(), commandTexts[name].question)).join('\n')}
${described('completion', 'how to have the shell complete all of this')}
${described('version', 'which version this is')}

Each command has a --help with examples. Flags of all of them:

${flagLines(commonFlags)}

NO_COLOR, if it is not empty: no colours.
`;

export function commandHelp(name: CommandName): string {
  const { words, question, about, flags, examples, exitCodes } = commandTexts[name];
  const own = Object.keys(flags).length > 0 ? `${flagLines(flags)}\n` : '';
  return `${[`${question[0]?.toUpperCase()}${question.slice(1)}`, ...about.flatMap((text) => ['', ...wrapWords(text, width)])].join('\n')}

Usage
  kubectl vip ${`${name} ${words}`.trim()} [FLAGS]

Flags
${own}${flagLines(commonFlags)}

Examples
${examples.map((example) => `  ${example}`).join('\n')}

${wrapWords(`Exit code ${exitCodes}`, width).join('\n')}
`;
}

function flagLines(flags: Readonly<Record<string, PluginFlag>>): string {
  return Object.entries(flags)
    .map(([name, flag]) => {
      const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
      const value = flag.type === 'string' && flag.wants !== undefined ? ` ${placeholder(flag.wants)}` : '';
      return described(`${short}--${name}${value}`, flag.help);
    })
    .join('\n');
}

function described(name: string, text: string): string {
  const [first = '', ...rest] = wrapWords(text, width - textColumn);
  const left = `  ${name}`;
  const more = rest.map((line) => `${' '.repeat(textColumn)}${line.trimStart()}`);
  // A long name has its text below it.
  if (left.length > textColumn - 2) return [left, `${' '.repeat(textColumn)}${first}`, ...more].join('\n');
  return [left.padEnd(textColumn) + first, ...more].join('\n');
}
