import { connectionFlags } from './connection-target.ts';
import { drainFlags, moveFlags } from './move-options.ts';
import type { PluginFlag } from './plugin-flag.ts';

export interface CommandText {
  /** The arguments after the command's name. */
  readonly arguments: string;
  /** One line for the list of commands: a verb phrase. */
  readonly summary: string;
  /** One paragraph per entry. */
  readonly description: readonly string[];
  readonly flags: Readonly<Record<string, PluginFlag>>;
  readonly examples: readonly string[];
  readonly exitCodes: string;
}

/** Flags of every command, besides those of the connection. */
export const commonFlags: Readonly<Record<string, PluginFlag>> = {
  namespace: { type: 'string', short: 'n', wants: 'a name', help: "Use this namespace [your context's]" },
  'all-namespaces': { type: 'boolean', short: 'A', help: 'Use all namespaces' },
  output: {
    type: 'string',
    short: 'o',
    wants: 'a format',
    help: 'Print a table, wide, json or yaml [table]',
  },
  filename: {
    type: 'string',
    short: 'f',
    wants: 'a file',
    help: 'Read this dump instead of a cluster; repeatable, - for standard input',
  },
  deployment: {
    type: 'string',
    wants: 'a name',
    help: 'Use the settings of this controller, if several run: NAME or NAMESPACE/NAME',
  },
  configmap: {
    type: 'string',
    wants: 'a name',
    help: "Read pools from this ConfigMap: NAME or NAMESPACE/NAME [the Deployment's, else kube-system/kubevip]",
  },
  class: {
    type: 'string',
    wants: 'a class',
    help: "Decide as a controller of this load balancer class; none for the default mode [the Deployment's]",
  },
  controller: {
    type: 'string',
    wants: 'a name',
    help: "Use this controller name, which is also the name of its Lease [the Deployment's]",
  },
  help: { type: 'boolean', short: 'h', help: 'Print this help' },
};

const usualExitCodes = '0 if the command succeeded, 1 if it failed.';

export const commandTexts = {
  explain: {
    arguments: '[service/NAME]',
    summary: 'Show why a Service has its address or is pending',
    description: [
      "Runs the controller's checks for a Service, up to the one that decides. Shows where its address came from, or which check failed and the shortest remedy. Also explains why a Service is ignored.",
      'Without a name, lists the state of each Service in the namespace.',
    ],
    flags: {},
    examples: ['kubectl vip explain service/web -n shop', 'kubectl vip explain -A'],
    exitCodes: usualExitCodes,
  },
  pools: {
    arguments: '',
    summary: 'Show pool usage and problems in the ConfigMap',
    description: [
      'Lists each pool with its addresses, how many are used and free, and the next one to be allocated. Reports pools that are unused or overlap, entries that cannot be read, conflicts, and addresses assigned outside every pool. With -n, shows only the pool that applies to this namespace.',
    ],
    flags: {
      watch: { type: 'boolean', short: 'w', help: 'Keep the table up to date until interrupted' },
    },
    examples: ['kubectl vip pools', 'kubectl vip pools --watch', 'kubectl vip pools -n shop -o wide'],
    exitCodes: usualExitCodes,
  },
  who: {
    arguments: 'ADDRESS|CIDR|FIRST-LAST',
    summary: 'Show which Services have an address, or the addresses of a block',
    description: [
      'Shows which Service has the address, from which pool, and since when; or that the address is free, excluded by a rule (an end of a block, .0, .255), or in no pool. The time comes from the managedFields of the Service: it has had the address since then or longer. Without managedFields, the time is unknown.',
    ],
    flags: {},
    examples: ['kubectl vip who 192.168.0.201', 'kubectl vip who 192.168.0.0/24 -o wide'],
    exitCodes: usualExitCodes,
  },
  history: {
    arguments: 'ADDRESS|service/NAME',
    summary: 'Show which Services had an address, and when',
    description: [
      "Shows from when to when each Service had the address, or which addresses the Service had, and why that began and ended. Reads the logs of the controller's Pods, also of containers that were restarted, and then the Services of the cluster. With -f, reads a log instead: in either format, of any length, compressed with gzip or not, of several replicas, with lines of other programs in between.",
      '"before" a time means at that time or earlier: the log begins there, or no controller was running.',
    ],
    flags: {
      filename: {
        type: 'string',
        short: 'f',
        wants: 'a file',
        help: 'Read this log instead of those of the Pods; repeatable, - for standard input',
      },
    },
    examples: [
      'kubectl vip history 192.168.0.201',
      'kubectl vip history service/web -n shop',
      'kubectl vip history 192.168.0.201 -f controller.log',
    ],
    exitCodes: '0 if the history was read, even if it is empty, 1 if the command failed.',
  },
  plan: {
    arguments: '-f FILE',
    summary: 'Preview the effect of a changed ConfigMap, or of Services',
    description: [
      "Runs the controller's decisions on the current Services twice, without and with what FILE contains: the ConfigMap with the pools, Services, or both. Shows the difference: Services that would get an address, addresses that would fall outside their pool, pool usage, and problems. Changes nothing.",
      'A Service in FILE is created, or updated as kubectl apply does: fields that the file does not set keep their values.',
      'The first -f is what you are about to apply. Any further -f is part of a dump that is read instead of a cluster.',
    ],
    flags: {},
    examples: [
      'kubectl vip plan -f configmap.yaml',
      'kubectl vip plan -f service.yaml -n shop',
      'kubectl vip plan -f configmap.yaml -f dump.yaml -o json',
    ],
    exitCodes:
      '0 if no assigned address would fall outside its pool or outside all pools, 2 if one would, 1 if the command failed.',
  },
  check: {
    arguments: '-f FILE',
    summary: 'Validate a ConfigMap',
    description: [
      'Reads the ConfigMap in FILE as the controller does, without a cluster, and reports each problem with its line and a suggested fix. With --kubeconfig, --context, --cluster, or --server, also reports pools that contain the address of a node or of the API server, overlap a cluster IP range, or belong to a namespace that does not exist. Nodes and other objects in FILE are compared in the same way. Without -f, checks the ConfigMap in the cluster in the same way.',
    ],
    flags: {},
    examples: ['kubectl vip check -f configmap.yaml', 'kubectl vip check'],
    exitCodes: '0 if there are no errors (warnings are allowed), 1 if there are, or if the command failed.',
  },
  audit: {
    arguments: '',
    summary: 'Find conflicts and anything that is not in its desired state',
    description: [
      "Compares the Services with the controller's guarantees. Reports addresses that several Services have, Services that request an address of another one, allocation records that do not match, writes that are due, remains of earlier assignments, Services whose status does not show their address, and whether a controller is running.",
    ],
    flags: {},
    examples: ['kubectl vip audit', 'kubectl vip audit -o json'],
    exitCodes: '0 if there are no findings, 1 if there are, or if the command failed.',
  },
  move: {
    arguments: 'service/NAME',
    summary: 'Move a Service to another address',
    description: [
      'Moves a Service to the address or the pool of --to, else to another address of its pools. The address has to be free and in the pools of the Service, which then has it as an allocated one. Waits until the Service has the new address and its status shows it.',
      'The Service is interrupted while kube-vip replaces the address. The command writes one annotation, and the controller moves the Service.',
    ],
    flags: moveFlags,
    examples: [
      'kubectl vip move service/web -n shop',
      'kubectl vip move service/web -n shop --to 192.168.0.10',
      'kubectl vip move service/web -n shop --to cidr-shop --dry-run=client',
    ],
    exitCodes: '0 if the Service was moved, or has the address already, 1 if not.',
  },
  drain: {
    arguments: 'POOL|CIDR|FIRST-LAST',
    summary: 'Move all Services off the addresses of a pool or a block',
    description: [
      'Moves each Service with an allocated address of the pool, block or range to another address of its pools, or of the pool of --to. Starts with the oldest Service, moves a batch at a time, and waits until each Service of the batch has its new address and its status shows it. Lists Services that requested their address by name, and leaves them. With -n, moves only the Services of this namespace.',
      'Stops at the first failure, and prints what is left. Run the same command again to go on. Ctrl+C stops after the requests that were sent: the controller still completes them.',
      'Drained addresses are free, so a pool that still contains them can assign them again. --exclude first excludes them from automatic allocation in the ConfigMap.',
      'To see where each Service would move, add --dry-run=client. Nothing else is moved, unless the cluster changes meanwhile.',
    ],
    flags: drainFlags,
    examples: [
      'kubectl vip drain 192.168.0.0/28 --dry-run=client',
      'kubectl vip drain 192.168.0.0/28 --exclude',
      'kubectl vip drain 10.0.0.0/24 --to cidr-shop --keep-host --batch 10',
    ],
    exitCodes: '0 if no Service is left to move, 1 otherwise.',
  },
  web: {
    arguments: '',
    summary: 'Serve a live, read-only web page',
    description: [
      'Serves a page on this machine only, with a map of each pool, pending Services and their reasons, search, and recent changes. The first line of output is the link. The page reads with your permissions and cannot change anything.',
    ],
    flags: { port: { type: 'string', wants: 'a port', help: 'Serve the page on this port [a free one]' } },
    examples: ['kubectl vip web', 'kubectl vip web --port 8089'],
    exitCodes: '0 if it was interrupted, 1 if the page could not be served.',
  },
} as const satisfies Readonly<Record<string, CommandText>>;

export type CommandName = keyof typeof commandTexts;

export const commandNames = Object.keys(commandTexts) as CommandName[];

export function flagsOf(name: CommandName): Readonly<Record<string, PluginFlag>> {
  const own: Readonly<Record<string, PluginFlag>> = commandTexts[name].flags;
  return { ...own, ...commonFlags, ...connectionFlags, ...own };
}
