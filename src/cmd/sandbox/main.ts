/** `npm start`: shows what the controller would do with some manifests, without a cluster. */

import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../client/clock.ts';
import type { Log } from '../../client/log.ts';
import type { KubeObject } from '../../core/model/objects.ts';
import { printable } from '../../core/text/quote.ts';
import { type ManifestText, readManifests } from '../../manifest/manifests.ts';
import { readStandardInput, readTextFile } from '../../manifest/read-text.ts';
import { createScreen } from '../../terminal/screen.ts';
import { renderReport } from '../../terminal/table.ts';
import { serveWeb, type WebPage } from '../../web/serve.ts';
import { version } from '../flags/version.ts';
import { printList } from './print-list.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';
import { type ManifestInput, type SandboxRun, sandboxRequest } from './sandbox-arguments.ts';

const exampleFile = fileURLToPath(new URL('../../../examples/world.yaml', import.meta.url));
/** npm runs scripts in the package's folder; paths are meant from where the user stands. */
const standpoint = process.env.INIT_CWD ?? process.cwd();

const exit = { done: 0, unreadable: 1, usage: 2 } as const;

/** Each sentence has made its parts printable; whatever one forgets does not reach the terminal all the same. */
function say(lines: string): void {
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
      say(request.message);
      return exit.usage;
    case 'run':
      for (const note of request.notes) say(note);
      return run(request);
  }
}

async function run(request: SandboxRun): Promise<number> {
  const texts: ManifestText[] = [];
  try {
    for (const source of request.sources) texts.push(await readSource(source));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return exit.unreadable;
  }
  const { objects, remarks, errors } = readManifests(texts, { configMap: request.options.configMap });
  for (const remark of remarks) say(remark);
  for (const error of errors) say(error);
  if (errors.length > 0) return exit.unreadable;
  return show(request, objects);
}

function readSource(source: ManifestInput): Promise<ManifestText> {
  if (source.from === 'standard input') return readStandardInput(process.stdin, say);
  return source.from === 'example'
    ? readTextFile(exampleFile, 'examples/world.yaml')
    : readTextFile(resolve(standpoint, source.path), source.path);
}

async function show(request: SandboxRun, objects: readonly KubeObject[]): Promise<number> {
  const isTable = request.output === 'table';
  const isLive = isTable && !request.once && process.stdout.isTTY === true;
  const screen = createScreen(process.stdout);
  let unreadable = 0;
  let draw = (): void => {};
  let page: WebPage | undefined;
  const sandbox = await createSandbox({
    objects,
    options: request.options,
    log: errorsOnly,
    version,
    turned() {
      page?.changed();
      draw();
    },
    refused(object, why) {
      unreadable += 1;
      say(
        `${object.kind} ${object.metadata.namespace}/${object.metadata.name}: Kubernetes refuses it: ${printable(why)}`,
      );
    },
  });
  try {
    const stopped = interruption();
    await Promise.race([sandbox.settled(), stopped]);
    if (isLive) {
      const shown = { allocator: sandbox.allocator, options: request.options, clock: systemClock, version };
      page = await serveWeb({ ...shown, role: () => 'leading' }, 0);
      const link = `The same as a page, with a map of each pool: ${page.url}`;
      draw = () => screen.draw([link, ...howToChange(sandbox), '', ...render(request, sandbox)]);
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
  return unreadable > 0 ? exit.unreadable : exit.done;
}

/** Ctrl-C is the way to leave a live table, and no failure. */
function interruption(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => done());
  });
}

function render(request: SandboxRun, sandbox: Sandbox): string[] {
  const isTerminal = process.stdout.isTTY === true;
  return renderReport(sandbox.report(), {
    width: isTerminal ? process.stdout.columns : Number.POSITIVE_INFINITY,
    colour: isTerminal && request.colour,
    bars: isTerminal,
    more: moreToTry(request),
  });
}

/** Above a live table, where a small terminal shows it too. */
function howToChange(sandbox: Sandbox): string[] {
  const { services } = sandbox.report();
  const served = services.filter(({ state }) => state === 'Assigned');
  // Best one whose address somebody else waits for: then there is something to see.
  const wanted = new Set(
    services.filter(({ state }) => state === 'Pending').map(({ namespace }) => namespace),
  );
  const victim = served.find(({ namespace }) => wanted.has(namespace)) ?? served[0];
  if (victim === undefined) return ['Live; Ctrl-C leaves.'];
  const { namespace, name } = victim;
  const path = `/api/v1/namespaces/${namespace}/services/${name}`;
  return [
    'Live; Ctrl-C leaves. From another terminal, free an address:',
    `  curl -sX DELETE ${sandbox.url}${path}`,
  ];
}

function moreToTry(request: SandboxRun): string[] {
  if (!request.sources.every(({ from }) => from === 'example')) return [];
  const folder = relative(standpoint, fileURLToPath(new URL('../../../examples', import.meta.url))) || '.';
  const start = 'npm start --';
  return [
    `descending order: ${start} ${folder}/global-cidr-descending.yaml`,
    `DHCP:             ${start} ${folder}/dhcp.yaml`,
    `class mode:       KUBEVIP_ENABLE_LOADBALANCERCLASS=true ${start} ${folder}/load-balancer-class.yaml`,
    `your cluster:     kubectl get svc,cm -A -o yaml | ${start} -`,
    `all examples:     ${folder}/README.md`,
  ];
}

/** The table says what there is to say; only what should never happen in here is worth a line of its own. */
const errorsOnly: Log = {
  info() {},
  warn() {},
  error: (message, fields) => say(`${message} ${JSON.stringify(fields ?? {})}`),
};

process.exitCode = await main();
