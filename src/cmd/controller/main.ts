/** The controller as a process. This is the only place with process.exit and the environment. */

import { randomUUID } from 'node:crypto';
import { homedir, hostname } from 'node:os';
import { systemClock } from '../../client/clock.ts';
import type { Connection } from '../../client/cluster-connection.ts';
import { errorText } from '../../client/errors.ts';
import { createNodeTransport } from '../../client/http/node-transport.ts';
import { inClusterConnection } from '../../client/in-cluster.ts';
import type { Log } from '../../client/log.ts';
import { logged } from '../../client/logged-transport.ts';
import { createReplica, type Replica } from '../../controller/replica.ts';
import { textLine } from '../../terminal/log-text.ts';
import { createLog, jsonLine } from '../../terminal/log-writer.ts';
import type { Role } from '../../web/page-data.ts';
import { serveWeb, type WebPage } from '../../web/serve.ts';
import { type ControllerRun, controllerRequest } from '../flags/arguments.ts';
import type { ClusterAccess, HealthOptions } from '../flags/connection-flags.ts';
import { version } from '../flags/version.ts';
import { type HealthServer, serveHealth } from './health-server.ts';
import { collectAtRest, exposedHeap, growSlowlyOnce } from './heap.ts';
import { readProcessMetrics } from './process-metrics.ts';

/** As in klog's conventions. */
const verbosityOfRequests = 6;

const exit = { done: 0, failed: 1, usage: 2 } as const;

async function main(): Promise<number> {
  const request = controllerRequest(process.argv.slice(2), process.env);
  switch (request.kind) {
    case 'help':
      process.stdout.write(request.text);
      return exit.done;
    case 'version':
      process.stdout.write(`kube-vip-cloud-provider ${version} (Node ${process.version})\n`);
      return exit.done;
    case 'usage':
      process.stderr.write(`${request.message}\n`);
      return exit.usage;
    case 'run':
      return run(request);
  }
}

async function run(request: ControllerRun): Promise<number> {
  const format =
    request.logFormat === 'json' ? jsonLine : textLine(request.colour && process.stderr.isTTY === true);
  const log = createLog((line) => process.stderr.write(line), systemClock, format);
  for (const note of request.notes) log.warn(note);
  // Before anything that takes time: the first process of a container has no other way to end.
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      log.info(`received ${signal}; waiting for in-flight writes`);
      stop.abort();
    });
  }
  let connection: Connection;
  try {
    connection = await connect(request.access);
  } catch (error) {
    log.error(errorText(error));
    return exit.failed;
  }
  const { configMap, class: ours, controller, claims } = request.options;
  const { concurrentWrites, rateLimit, election } = request;
  log.info('starting', {
    version,
    server: connection.server,
    configMap: `${configMap.namespace}/${configMap.name}`,
    class: ours ?? 'none',
    controller,
    claims,
  });
  if (connection.insecure === true) {
    log.warn(
      'the API server is not verified, because the kubeconfig says insecure-skip-tls-verify: whoever is in between can read the token and answer in its place',
    );
  }
  if (claims) log.info('each address is claimed by an IPAddress object before it is given');
  // Some connections more than writes: one that hangs on each of them must not keep the Lease from being renewed.
  const transport = createNodeTransport({ ...connection, sockets: concurrentWrites + 8 });
  const heap = exposedHeap();
  const grown = heap && growSlowlyOnce(heap, () => replica.controller.isReady);
  let page: WebPage | undefined;
  const replica: Replica = createReplica({
    transport: request.verbosity >= verbosityOfRequests ? logged(transport, log, systemClock) : transport,
    options: request.options,
    clock: systemClock,
    random: Math.random,
    log,
    version,
    instance: hostname(),
    concurrency: concurrentWrites,
    updated() {
      grown?.();
      page?.changed();
    },
    rateLimit,
    // As client-go's programs: the host's name for people, the rest because a Pod may come back under it.
    election: election && { options: election, identity: `${hostname()}_${randomUUID()}` },
  });
  let health: HealthServer | undefined;
  try {
    if (request.health !== undefined) health = await healthServer(replica, request.health, log);
  } catch (error) {
    log.error(errorText(error));
    transport.close();
    return exit.failed;
  }
  if (request.webPort !== 0) page = await webPage(replica, request, log);
  const isBusy = (): boolean => replica.controller.isWriting || replica.pendingEvents() > 0;
  const stopCollecting = heap === undefined ? () => {} : collectAtRest(heap, systemClock, isBusy);
  try {
    await replica.run(stop.signal);
  } catch (error) {
    // A bug: better a restart with a fresh view than to go on with a wrong one.
    log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exit.failed;
  } finally {
    stopCollecting();
    health?.close();
    page?.close();
    transport.close();
  }
  log.info('stopped');
  return exit.done;
}

/** Without a place for it the controller does its work all the same: only a certificate that was asked for must be. */
async function healthServer(
  replica: Replica,
  options: HealthOptions,
  log: Log,
): Promise<HealthServer | undefined> {
  const metrics = (): string => replica.metrics() + readProcessMetrics();
  try {
    const server = await serveHealth({ health: replica.health, metrics }, options);
    log.info(`serving health checks at ${server.url}/healthz and metrics at /metrics`);
    return server;
  } catch (error) {
    if (options.tls !== undefined) throw error;
    log.warn(`${errorText(error)}. There is no /healthz: give another --secure-port, or 0 for none`);
    return undefined;
  }
}

/** For people who look: the controller does its work without it. */
async function webPage(
  { controller }: Replica,
  { options, webPort }: ControllerRun,
  log: Log,
): Promise<WebPage | undefined> {
  const { allocator } = controller;
  const role = (): Role => (controller.isLeading ? 'leading' : 'standing by');
  try {
    const page = await serveWeb({ allocator, options, clock: systemClock, version, role }, webPort);
    log.info(`all addresses are shown at ${page.url}, on this machine alone`);
    return page;
  } catch (error) {
    log.warn(`${errorText(error)}. There is no page: give another --web-port, or 0 for none`);
    return undefined;
  }
}

async function connect(access: ClusterAccess): Promise<Connection> {
  const env = process.env;
  if (access.kind === 'in cluster') return inClusterConnection({ env, clock: systemClock });
  if (access.kind === 'server') return { server: access.server };
  // Only here: what reads a kubeconfig is a third of the whole program in memory.
  const { kubeconfigConnection } = await import('../../client/kubeconfig.ts');
  const file = access.file === undefined ? {} : { file: access.file };
  const connection = await kubeconfigConnection({ ...file, env, home: home(), clock: systemClock });
  const { server } = access;
  if (server === undefined) return connection;
  // Credentials are for TLS only.
  return server.startsWith('https:') ? { ...connection, server } : { server };
}

/** A container may run as a user whom no file of it knows: then there is no home to ask for. */
function home(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

process.exit(await main());
