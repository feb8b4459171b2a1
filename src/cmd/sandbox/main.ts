/** `npm start`: shows what the controller would do with manifests, without a cluster. */

import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../client/clock.ts';
import type { Log } from '../../client/log.ts';
import type { KubeObject } from '../../core/model/objects.ts';
import { printable } from '../../core/text/quote.ts';
import { nodesIn } from '../../manifest/cluster-objects.ts';
import { type ManifestText, readManifests } from '../../manifest/manifests.ts';
import { readStandardInput, readTextFile } from '../../manifest/read-text.ts';
import { createScreen } from '../../terminal/screen.ts';
import { renderReport } from '../../terminal/table.ts';
import { serveWeb, type WebPage } from '../../web/serve.ts';
import { StandardOutput } from '../flags/output.ts';
import { version } from '../flags/version.ts';
import { printList } from './print-list.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';
import { type ManifestInput, type SandboxRun, sandboxRequest } from './sandbox-arguments.ts';

const exampleFile = fileURLToPath(new URL('../../../examples/world.yaml', import.meta.url));
/** npm runs scripts in the package folder; paths are relative to the user's working directory. */
const workingDirectory = process.env.INIT_CWD ?? process.cwd();

const exit = { done: 0, unreadable: 1, usage: 2 } as const;

/** Escapes control characters once more, in case a message contains unescaped text. */
function printMessage(lines: string): void {
  process.stderr.write(`${lines.split('\n').map(printable).join('\n')}\n`);
}

async function main(): Promise<number> {
  const request = sandboxRequest(process.argv.slice(2), process.env);
  switch (request.kind) {
    case 'help':
      process.stdout.write(request.text);
      return exit.done;
    case 'version':
      process.stdout.write(`${version}\n`);
      return exit.done;
    case 'usage':
      printMessage(request.message);
      return exit.usage;
    case 'run':
      for (const warning of request.warnings) printMessage(warning);
      return run(request);
  }
}

async function run(request: SandboxRun): Promise<number> {
  const texts: ManifestText[] = [];
  try {
    for (const source of request.sources) texts.push(await readSource(source));
  } catch (error) {
    printMessage(error instanceof Error ? error.message : String(error));
    return exit.unreadable;
  }
  const { options } = request;
  const { objects, remarks, errors, skipped } = readManifests(texts, { configMap: options.configMap });
  for (const remark of remarks) printMessage(remark);
  for (const error of errors) printMessage(error);
  if (errors.length > 0) return exit.unreadable;
  return show(request, [...objects, ...nodesIn(skipped)]);
}

function readSource(source: ManifestInput): Promise<ManifestText> {
  if (source.from === 'standard input') return readStandardInput(process.stdin, printMessage);
  return source.from === 'example'
    ? readTextFile(exampleFile, 'examples/world.yaml')
    : readTextFile(resolve(workingDirectory, source.path), source.path);
}

async function show(request: SandboxRun, objects: readonly KubeObject[]): Promise<number> {
  const isTable = request.output === 'table';
  const isLive = isTable && !request.once && process.stdout.isTTY === true;
  const screen = createScreen(process.stdout);
  let rejected = 0;
  let draw = (): void => {};
  let page: WebPage | undefined;
  const sandbox = await createSandbox({
    objects,
    options: request.options,
    log: errorsOnly,
    version,
    onUpdate() {
      page?.changed();
      draw();
    },
    onRejected(object, message) {
      rejected += 1;
      printMessage(`Kubernetes rejects ${object.kind} ${nameOf(object)}: ${printable(message)}`);
    },
  });
  try {
    const stopped = interruption();
    await Promise.race([sandbox.settled(), stopped]);
    if (isLive) {
      const source = { allocator: sandbox.allocator, options: request.options, clock: systemClock, version };
      page = await serveWeb({ ...source, role: () => 'leader' }, 0);
      const link = `Web page with a map of each pool: ${page.url}`;
      draw = () => screen.draw([link, ...liveHint(sandbox), '', ...render(request, sandbox)]);
      draw();
      process.stdout.on('resize', draw);
      await stopped;
      process.stdout.off('resize', draw);
    } else {
      process.stdout.write(
        isTable
          ? `${render(request, sandbox).join('\n')}\n`
          : printList(sandbox.services(), request.output === 'json' ? 'json' : 'yaml'),
      );
    }
  } finally {
    screen.close();
    page?.close();
    await sandbox.close();
  }
  return rejected > 0 ? exit.unreadable : exit.done;
}

function nameOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Ctrl-C ends a live table and is not a failure. */
function interruption(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => done());
  });
}

function render(request: SandboxRun, sandbox: Sandbox): string[] {
  const isTerminal = process.stdout.isTTY === true;
  return renderReport(sandbox.report(), {
    width: isTerminal ? process.stdout.columns : Number.POSITIVE_INFINITY,
    color: isTerminal && request.color,
    bars: isTerminal,
    nextSteps: nextSteps(request),
  });
}

/** Shown above the live table, so that it is visible on a small terminal. */
function liveHint(sandbox: Sandbox): string[] {
  const { services } = sandbox.report();
  const assigned = services.filter(({ state }) => state === 'Assigned');
  // Prefer a namespace with a pending Service, so that deleting the Service has a visible effect.
  const pendingNamespaces = new Set(
    services.filter(({ state }) => state === 'Pending').map(({ namespace }) => namespace),
  );
  const example = assigned.find(({ namespace }) => pendingNamespaces.has(namespace)) ?? assigned[0];
  if (example === undefined) return ['Live view. Press Ctrl-C to exit.'];
  const { namespace, name } = example;
  const path = `/api/v1/namespaces/${namespace}/services/${name}`;
  return [
    'Live view. Press Ctrl-C to exit. To free an address, run in another terminal:',
    `  curl -sX DELETE ${sandbox.url}${path}`,
  ];
}

function nextSteps(request: SandboxRun): string[] {
  if (!request.sources.every(({ from }) => from === 'example')) return [];
  const folder =
    relative(workingDirectory, fileURLToPath(new URL('../../../examples', import.meta.url))) || '.';
  const start = 'npm start --';
  return [
    `descending order: ${start} ${folder}/global-cidr-descending.yaml`,
    `DHCP:             ${start} ${folder}/dhcp.yaml`,
    `class mode:       KUBEVIP_ENABLE_LOADBALANCERCLASS=true ${start} ${folder}/load-balancer-class.yaml`,
    `your cluster:     kubectl get svc,cm -A -o yaml | ${start} -`,
    `all examples:     ${folder}/README.md`,
  ];
}

/** The table shows everything else; an error here is a bug. */
const errorsOnly: Log = {
  info() {},
  warn() {},
  error: (message, fields) => printMessage(`${message} ${JSON.stringify(fields ?? {})}`),
};

const output = new StandardOutput(process.stdout, process.stderr);
process.exitCode = await output.finish(await main());
