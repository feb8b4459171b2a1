import { wrapWords } from '../../terminal/wrap.ts';
import { type ControllerFlag, flagGroups, ignoredFlags } from '../flags/controller-flags.ts';
import { variablesHelp } from '../flags/environment.ts';
import { placeholder } from '../flags/flags.ts';

/** The help texts: at most 80 columns, and each example can be copied as it stands. */

const width = 80;
/** Where the texts of flags begin. */
const textColumn = 26;

function flagLines(name: string, flag: ControllerFlag): string[] {
  const names =
    flag.short === undefined || name === flag.short ? dashed(name) : `-${flag.short}, ${dashed(name)}`;
  const value = flag.type === 'string' && flag.wants !== undefined ? ` ${placeholder(flag.wants)}` : '';
  const left = `  ${names}${value}`;
  const text = flag.default === undefined ? flag.help : `${flag.help} [${flag.default}]`;
  const [first = '', ...others] = wrapWords(text, width - textColumn).map((line) => line.trimEnd());
  const indented = others.map((line) => ' '.repeat(textColumn) + line);
  if (left.length < textColumn - 1) return [left.padEnd(textColumn) + first, ...indented];
  return [left, ' '.repeat(textColumn) + first, ...indented];
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function groupText(title: string, lines: readonly string[]): string {
  return `${[title, ...lines].join('\n')}\n`;
}

function ignoredLines({ why, booleans, others }: (typeof ignoredFlags)[number]): string[] {
  const names = [...booleans, ...others].sort().map(dashed).join(', ');
  return [`  ${why}:`, ...wrapWords(names, width - 4).map((line) => `    ${line.trim()}`)];
}

export const controllerHelp = `kube-vip-cloud-provider gives LoadBalancer Services an address from your pools.

Usage
  kube-vip-cloud-provider [FLAGS]

Without flags it runs inside a cluster, as the Pod's service account. Durations
are written like 15s, 1m30s or 500ms. A value in brackets is the default.

${flagGroups
  .map(({ title, flags }) =>
    groupText(
      title,
      Object.entries(flags).flatMap(([name, flag]) => flagLines(name, flag)),
    ),
  )
  .join('\n')}
${groupText('Accepted without effect, for manifests of the Go version', ignoredFlags.flatMap(ignoredLines))}
${variablesHelp}
Exit code 0 after SIGTERM or SIGINT, 1 when it cannot run, 2 for wrong usage.
`;
