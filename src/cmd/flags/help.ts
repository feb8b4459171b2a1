import { wrapWords } from '../../terminal/wrap.ts';
import { type ControllerFlag, flagGroups, ignoredFlags } from './controller-flags.ts';
import { placeholder } from './flags.ts';

/** The help texts: at most 80 columns, and each example can be copied as it stands. */

const variables = `Variables
  KUBEVIP_NAMESPACE                      the ConfigMap's namespace [kube-system]
  KUBEVIP_CONFIG_MAP                     the ConfigMap's name [kubevip]
  KUBEVIP_ENABLE_LOADBALANCERCLASS       true: serve one class only [false]
  KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME  which [kube-vip.io/kube-vip-class]
  NO_COLOR                               not empty: no colours
`;

export const sandboxHelp = `Shows which address each LoadBalancer Service would get, without a cluster.

Usage
  npm start                        a world of examples
  npm start -- [FLAGS] FILE...     your own manifests, YAML or JSON
  npm start -- [FLAGS] -           the same from standard input

The manifests hold Services and the ConfigMap with the pools. The real
controller runs on them, in an API inside this process; nothing else is touched.
What only a cluster gives (cluster IPs, node ports) is not made up.

Flags
  -o, --output table|json|yaml   json and yaml: the Services as they would then
                                 stand in the cluster, as one List [table]
      --once                     print once and end, also on a terminal
  -h, --help                     this text

${variables}
Examples
  npm start -- examples/dual-stack.yaml
  npm start --silent -- -o json my.yaml > then.json
  kubectl get svc,cm -A -o yaml | npm start -- -

Exit code 0 when everything was decided (Services that wait included), 1 when
the input could not be read, 2 for wrong usage.
`;

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
${variables}
Exit code 0 after SIGTERM or SIGINT, 1 when it cannot run, 2 for wrong usage.
`;
