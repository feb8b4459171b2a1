import { wrapWords } from '../../terminal/wrap.ts';
import { type ControllerFlag, flagGroups, ignoredFlags } from '../flags/controller-flags.ts';
import { variablesHelp } from '../flags/environment.ts';
import { placeholder } from '../flags/flags.ts';

const width = 80;
/** The column at which descriptions start. */
const descriptionColumn = 26;

function flagLines(name: string, flag: ControllerFlag): string[] {
  const names =
    flag.short === undefined || name === flag.short ? dashed(name) : `-${flag.short}, ${dashed(name)}`;
  const value = flag.type === 'string' && flag.wants !== undefined ? ` ${placeholder(flag.wants)}` : '';
  const usage = `  ${names}${value}`;
  const text = flag.default === undefined ? flag.help : `${flag.help} [${flag.default}]`;
  const [first = '', ...others] = wrapWords(text, width - descriptionColumn).map((line) => line.trimEnd());
  const indented = others.map((line) => ' '.repeat(descriptionColumn) + line);
  if (usage.length < descriptionColumn - 1) return [usage.padEnd(descriptionColumn) + first, ...indented];
  return [usage, ' '.repeat(descriptionColumn) + first, ...indented];
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function groupText(title: string, lines: readonly string[]): string {
  return `${[title, ...lines].join('\n')}\n`;
}

function ignoredLines({ reason, booleans, others }: (typeof ignoredFlags)[number]): string[] {
  const names = [...booleans, ...others].sort().map(dashed).join(', ');
  return [`  Because ${reason}:`, ...wrapWords(names, width - 4).map((line) => `    ${line.trim()}`)];
}

export const controllerHelp = `Assign addresses from your pools to Services of type LoadBalancer.

Usage
  kube-vip-cloud-provider [FLAGS]

Without flags, the controller runs in a cluster, with the Pod's service account.
Durations look like 15s, 1m30s, or 500ms. Brackets contain the default value.

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
Exit codes: 0 after SIGTERM or SIGINT, 1 if the controller cannot run, 2 for
a usage error.
`;
