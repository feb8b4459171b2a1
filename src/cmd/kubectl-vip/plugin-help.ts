import { wrapWords } from '../../terminal/wrap.ts';
import { placeholder } from '../flags/flags.ts';
import { type CommandName, commandNames, commandTexts, commonFlags } from './commands.ts';
import { connectionFlags } from './connection-target.ts';
import type { PluginFlag } from './plugin-flag.ts';

/** Help texts are at most 80 columns wide, and their examples can be pasted. */

const width = 80;
/** The column where descriptions of commands and flags start. */
const textColumn = 28;

export const pluginHelp = `${wrapWords(
  'Show address assignments, pool usage, and why a Service is pending. kubectl vip recomputes the decisions of kube-vip-cloud-provider with the same code. It uses your kubeconfig. Only move and drain change anything.',
  width,
).join('\n')}

Usage
  kubectl vip COMMAND [FLAGS]

Commands
${commandNames.map((name) => described(`${name} ${commandTexts[name].arguments}`.trim(), commandTexts[name].summary)).join('\n')}
${described('completion', 'Print how to enable shell completion')}
${described('version', 'Print the version')}

Run "kubectl vip COMMAND --help" for details and examples.

Flags of all commands
${flagLines(commonFlags)}

Flags for the connection, as in kubectl
${flagLines(connectionFlags)}

Set NO_COLOR to a non-empty value to disable color.
`;

export function commandHelp(name: CommandName): string {
  const { arguments: positionals, summary, description, flags, examples, exitCodes } = commandTexts[name];
  const all = { ...flags, ...commonFlags, ...flags };
  return `${[`${summary}.`, ...description.flatMap((text) => ['', ...wrapWords(text, width)])].join('\n')}

Usage
  kubectl vip ${`${name} ${positionals}`.trim()} [FLAGS]

Flags
${flagLines(all)}

For the flags of the connection, such as --context, run "kubectl vip --help".

Examples
${examples.map((example) => `  ${example}`).join('\n')}

${wrapWords(`Exit code: ${exitCodes}`, width).join('\n')}
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
  const label = `  ${name}`;
  const continued = rest.map((line) => `${' '.repeat(textColumn)}${line.trimStart()}`);
  // The description of a long name starts on the next line.
  if (label.length > textColumn - 2)
    return [label, `${' '.repeat(textColumn)}${first}`, ...continued].join('\n');
  return [label.padEnd(textColumn) + first, ...continued].join('\n');
}
