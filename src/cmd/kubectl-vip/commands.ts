import type { Flag } from '../flags/flags.ts';

/** A flag with what --help says about it. */
export type PluginFlag = Flag & { readonly help: string };

export interface CommandText {
  /** What stands behind the command's name. */
  readonly words: string;
  /** The question that it answers, for the list of commands. */
  readonly question: string;
  /** What it does; each entry is a paragraph. */
  readonly about: readonly string[];
  readonly flags: Readonly<Record<string, PluginFlag>>;
  readonly examples: readonly string[];
  readonly exitCodes: string;
}

/** Flags of every command. */
export const commonFlags: Readonly<Record<string, PluginFlag>> = {
  namespace: { type: 'string', short: 'n', wants: 'a name', help: "the namespace [your context's]" },
  'all-namespaces': { type: 'boolean', short: 'A', help: 'of all namespaces' },
  output: { type: 'string', short: 'o', wants: 'a format', help: 'table, wide, json or yaml [table]' },
  filename: {
    type: 'string',
    short: 'f',
    wants: 'a file',
    help: 'read this dump instead of a cluster; again for several, - for standard input',
  },
  context: { type: 'string', wants: 'a name', help: "the kubeconfig's context [the current one]" },
  kubeconfig: { type: 'string', wants: 'a file', help: '[$KUBECONFIG, else ~/.kube/config]' },
  deployment: {
    type: 'string',
    wants: 'a name',
    help: 'whose settings count, where several controllers run: NAME or NAMESPACE/NAME',
  },
  configmap: {
    type: 'string',
    wants: 'a name',
    help: "the pools' ConfigMap: NAME or NAMESPACE/NAME [the Deployment's, else kube-system/kubevip]",
  },
  class: {
    type: 'string',
    wants: 'a class',
    help: 'look as a controller of this class does; none for the default mode [as the Deployment]',
  },
  controller: {
    type: 'string',
    wants: 'a name',
    help: "the controller's name, its Lease's [as the Deployment]",
  },
  help: { type: 'boolean', short: 'h', help: 'print this text' },
};

const usual = '0 when the question was answered, 1 when it could not be.';

export const commandTexts = {
  explain: {
    words: '[service/NAME]',
    question: 'why does a Service have this address, or none?',
    about: [
      'Goes down the chain of checks that the controller goes down for this Service: where its address came from, or which check it waits at, and the shortest way out. Also for Services that are not ours.',
      'Without a name: how each Service of the namespace stands, a line each.',
    ],
    flags: {},
    examples: ['kubectl vip explain service/web -n shop', 'kubectl vip explain -A'],
    exitCodes: usual,
  },
  pools: {
    words: '',
    question: 'how full are the pools, and what is wrong with them?',
    about: [
      'Each pool with its addresses, how many are used and free, and which would be given next; pools that are not used or overlap, entries that cannot be read, addresses that are held outside of every pool, and those that more have than may. With -n, only the pool that serves this namespace.',
    ],
    flags: { watch: { type: 'boolean', short: 'w', help: 'go on showing them as they change' } },
    examples: ['kubectl vip pools', 'kubectl vip pools --watch', 'kubectl vip pools -n shop -o wide'],
    exitCodes: usual,
  },
  who: {
    words: 'ADDRESS|CIDR|FIRST-LAST',
    question: 'who has an address, or the addresses of a block?',
    about: [
      'Which Service has it, from which pool and since when; or that it is free, left out by a rule (an end of a block, .0, .255), or in no pool. Since when is read from the managedFields of the Service: at the latest since then, unknown where they do not tell.',
    ],
    flags: {},
    examples: ['kubectl vip who 192.168.0.201', 'kubectl vip who 192.168.0.0/24 -o wide'],
    exitCodes: usual,
  },
  plan: {
    words: '-f FILE',
    question: 'what would a changed ConfigMap do?',
    about: [
      'Lets the controller decide on the Services as they are, once with the pools as they are and once with those of FILE, and shows the difference: who would be served with which address, whose address would fall outside of its pool, how much room there would be, and what is wrong. Nothing is changed.',
      'The first -f is the changed ConfigMap. With more of them, those are the dump that is read instead of a cluster.',
    ],
    flags: {},
    examples: ['kubectl vip plan -f new.yaml', 'kubectl vip plan -f new.yaml -f dump.yaml -o json'],
    exitCodes:
      '0 when no held address would fall outside of its pool, 2 when one would, 1 when the question could not be answered.',
  },
  check: {
    words: '-f FILE',
    question: 'is a ConfigMap right?',
    about: [
      'Reads the ConfigMap of FILE as the controller does, without a cluster, and says what is wrong, in which line, and what was probably meant. With --context or --kubeconfig it also looks whether a pool has the address of a node, or overlaps the range of the cluster IPs. Without -f it checks the ConfigMap of the cluster in this way.',
    ],
    flags: {},
    examples: ['kubectl vip check -f configmap.yaml', 'kubectl vip check'],
    exitCodes: '0 when nothing is wrong (there may be warnings), 1 when something is.',
  },
  audit: {
    words: '',
    question: 'does everything stand as it should?',
    about: [
      'Holds the promises of the controller against what stands on the Services: addresses that several have, Services that ask for an address of another, records that do not match, what is due and not done, what was left behind, and whether a controller runs at all.',
    ],
    flags: {},
    examples: ['kubectl vip audit', 'kubectl vip audit -o json'],
    exitCodes: '0 when nothing was found, 1 when something was, or when it could not be looked at.',
  },
  web: {
    words: '',
    question: 'all of it as a page in the browser, live',
    about: [
      'Serves a page on this machine alone, with a map of each pool, who waits and why, search, and what changed lately; the first line that is printed is its link. It reads with your rights, and nothing can be changed there.',
    ],
    flags: { port: { type: 'string', wants: 'a port', help: 'where it is served [a free one]' } },
    examples: ['kubectl vip web', 'kubectl vip web --port 8089'],
    exitCodes: '0 when it was interrupted, 1 when it could not be served.',
  },
} as const satisfies Readonly<Record<string, CommandText>>;

export type CommandName = keyof typeof commandTexts;

export const commandNames = Object.keys(commandTexts) as CommandName[];

export function flagsOf(name: CommandName): Readonly<Record<string, PluginFlag>> {
  return { ...commandTexts[name].flags, ...commonFlags };
}
