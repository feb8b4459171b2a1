/** The controller process. Of its modules, only this one calls process.exit and reads the environment. */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock } from '../../client/clock.ts';
import type { Connection } from '../../client/cluster-connection.ts';
import { errorText } from '../../client/errors.ts';
import { createNodeTransport } from '../../client/http/node-transport.ts';
import { inClusterConnection } from '../../client/in-cluster.ts';
import type { Log } from '../../client/log.ts';
import { logged } from '../../client/logged-transport.ts';
import { createReplica, type Replica } from '../../controller/replica.ts';
import { LogStream } from '../../terminal/log-stream.ts';
import { textLine } from '../../terminal/log-text.ts';
import { createLog, jsonLine } from '../../terminal/log-writer.ts';
import type { Role } from '../../web/page-data.ts';
import { serveWeb, type WebPage } from '../../web/serve.ts';
import { home } from '../flags/home.ts';
import { StandardOutput } from '../flags/output.ts';
import { version } from '../flags/version.ts';
import type { ClusterAccess, HealthOptions } from './connection-flags.ts';
import { type ControllerRun, controllerRequest } from './controller-arguments.ts';
import { type HealthServer, serveHealth } from './health-server.ts';
import { collectWhenIdle, exposedHeap, growSlowlyOnce } from './heap.ts';
import { readProcessMetrics } from './process-metrics.ts';

/** As in the klog conventions. */
const requestVerbosity = 6;

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
    request.logFormat === 'json' ? jsonLine : textLine(request.color && process.stderr.isTTY === true);
  const lines = new LogStream(process.stderr);
  const log = createLog((line) => lines.write(line), systemClock, format);
  for (const warning of request.warnings) log.warn(warning);
  // Before anything slow: the kernel ignores signals to the first process of a container that have no handler.
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      log.info(`Received ${signal}, finishing in-flight writes`);
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
  const { configMap, class: className, controller, claims } = request.options;
  const { concurrentWrites, rateLimit, election } = request;
  log.info('Starting', {
    version,
    server: connection.server,
    configMap: `${configMap.namespace}/${configMap.name}`,
    class: className ?? 'none',
    controller,
    claims,
  });
  if (connection.insecure === true) {
    log.warn(
      'The certificate of the API server is not verified, because the kubeconfig sets insecure-skip-tls-verify. An attacker on the network path can read the token and impersonate the API server',
    );
  }
  if (claims) log.info('Claiming each address with an IPAddress object before assigning it');
  // More connections than writes, so that hanging writes cannot block the renewal of the Lease, nor probes.
  const transport = createNodeTransport({ ...connection, sockets: concurrentWrites + 12 });
  const heap = exposedHeap();
  const onHeapUpdate = heap && growSlowlyOnce(heap, () => replica.controller.isReady);
  let page: WebPage | undefined;
  const replica: Replica = createReplica({
    transport: request.verbosity >= requestVerbosity ? logged(transport, log, systemClock) : transport,
    connections: transport,
    options: request.options,
    clock: systemClock,
    random: Math.random,
    log,
    version,
    instance: hostname(),
    concurrency: concurrentWrites,
    publishStatus: request.publishStatus,
    updated() {
      onHeapUpdate?.();
      page?.changed();
    },
    rateLimit,
    // Like client-go: the host name for people, and a UUID because a restarted Pod may have the same host name.
    election: election && { options: election, identity: `${hostname()}_${randomUUID()}` },
  });
  let health: HealthServer | undefined;
  try {
    if (request.health !== undefined) health = await healthServer(replica, request.health, log, lines);
  } catch (error) {
    log.error(errorText(error));
    transport.close();
    return exit.failed;
  }
  if (request.webPort !== 0) page = await webPage(replica, request, log);
  const isBusy = (): boolean => replica.controller.isWriting || replica.pendingEvents() > 0;
  const stopCollecting = heap === undefined ? () => {} : collectWhenIdle(heap, systemClock, isBusy);
  try {
    await replica.run(stop.signal);
  } catch (error) {
    // A bug: a restart with fresh state is safer than continuing with inconsistent state.
    log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exit.failed;
  } finally {
    stopCollecting();
    health?.close();
    page?.close();
    transport.close();
  }
  log.info('Stopped');
  return exit.done;
}

/** The controller also runs if the port is in use, but not if it cannot serve HTTPS as configured. */
async function healthServer(
  replica: Replica,
  options: HealthOptions,
  log: Log,
  lines: LogStream,
): Promise<HealthServer | undefined> {
  const metrics = (): string => replica.metrics() + readProcessMetrics(lines.lost);
  try {
    const server = await serveHealth({ health: replica.health, metrics }, options);
    log.info(`Serving health checks at ${server.url}/healthz and metrics at /metrics`);
    return server;
  } catch (error) {
    if (options.tls !== undefined) throw error;
    log.warn(
      `Health checks and metrics are not served: ${errorText(error)}. Set --secure-port to a free port, or to 0 to turn them off`,
    );
    return undefined;
  }
}

/** The controller also runs without the web page. */
async function webPage(
  { controller }: Replica,
  { options, webPort }: ControllerRun,
  log: Log,
): Promise<WebPage | undefined> {
  const { allocator } = controller;
  const role = (): Role => (controller.isLeading ? 'leader' : 'standby');
  try {
    const page = await serveWeb({ allocator, options, clock: systemClock, version, role }, webPort);
    log.info(`Serving the web page at ${page.url}, on this machine only`);
    return page;
  } catch (error) {
    log.warn(
      `The web page is not served: ${errorText(error)}. Set --web-port to a free port, or to 0 to turn it off`,
    );
    return undefined;
  }
}

async function connect(access: ClusterAccess): Promise<Connection> {
  const env = process.env;
  if (access.kind === 'in cluster') return inClusterConnection({ env, clock: systemClock });
  if (access.kind === 'server') return { server: access.server };
  // Imported on demand: the kubeconfig reader takes a third of the program's memory.
  const { kubeconfigConnection } = await import('../../client/kubeconfig/kubeconfig.ts');
  const file = access.file === undefined ? {} : { file: access.file };
  const connection = await kubeconfigConnection({ ...file, env, home: home(), clock: systemClock });
  if (connection.proxyUrl !== undefined)
    throw new Error(
      'The kubeconfig sets proxy-url, which only kubectl vip supports. Use a server address that the controller can reach directly',
    );
  const { server } = access;
  if (server === undefined) return connection;
  // Credentials are for TLS only.
  return server.startsWith('https:') ? { ...connection, server } : { server };
}

const output = new StandardOutput(process.stdout, process.stderr);
process.exit(await output.finish(await main()));
