/** The controller as a process. This is the only place with process.exit and the environment. */

import { hostname } from 'node:os';
import { createSession } from '../controller/session.ts';
import { systemClock } from '../kube/clock.ts';
import type { Connection } from '../kube/connection.ts';
import { errorText } from '../kube/errors.ts';
import { inClusterConnection } from '../kube/in-cluster.ts';
import { createNodeTransport } from '../kube/node-transport.ts';
import { type ClusterAccess, type ControllerRun, controllerRequest } from './arguments.ts';
import { createLog } from './log.ts';
import { version } from './version.ts';

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
  const log = createLog((line) => process.stderr.write(line), systemClock);
  for (const note of request.notes) log.warn(note);
  let connection: Connection;
  try {
    connection = await connect(request.access);
  } catch (error) {
    log.error(errorText(error));
    return exit.failed;
  }
  const { configMap, class: ours, controller } = request.options;
  log.info('starting', {
    version,
    server: connection.server,
    configMap: `${configMap.namespace}/${configMap.name}`,
    class: ours ?? 'none',
    controller,
  });
  const transport = createNodeTransport(connection);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      log.info(`${signal}: ending the writes under way`);
      stop.abort();
    });
  }
  const session = createSession({
    transport,
    options: request.options,
    clock: systemClock,
    random: Math.random,
    log,
    version,
    instance: hostname(),
  });
  try {
    await session.run(stop.signal);
  } catch (error) {
    // A bug: better a restart with a fresh view than to go on with a wrong one.
    log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exit.failed;
  } finally {
    transport.close();
  }
  log.info('stopped');
  return exit.done;
}

async function connect(access: ClusterAccess): Promise<Connection> {
  const env = process.env;
  if (access.kind === 'in cluster') return inClusterConnection({ env, clock: systemClock });
  // Only here: what reads a kubeconfig is a third of the whole program in memory.
  const [{ kubeconfigConnection }, { homedir }] = await Promise.all([
    import('../kube/kubeconfig.ts'),
    import('node:os'),
  ]);
  const file = access.file === undefined ? {} : { file: access.file };
  return kubeconfigConnection({ ...file, env, home: homedir(), clock: systemClock });
}

process.exit(await main());
