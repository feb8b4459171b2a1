import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildDistribution, distribution } from '../../scripts/build.ts';
import { SERVICE_ACCOUNT_FOLDER } from '../../src/client/in-cluster.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { startApiServer } from '../../test/controlplane/apiserver.ts';
import { locateBinaries } from '../../test/controlplane/binaries.ts';
import { startEtcd } from '../../test/controlplane/etcd.ts';
import { temporaryFolder } from '../../test/controlplane/temporary.ts';
import { PartFailed } from '../part.ts';
import { say } from '../progress.ts';
import { apiCounts } from './api-counts.ts';
import { imageCommand } from './image.ts';
import { type MeasuredProcess, startMeasured } from './measured-process.ts';
import { type Request, Requests, type Target } from './requests.ts';
import type { Client, SenderPlan, SenderResult } from './sender.ts';
import { configMap, configMapPath, newNamespace, newService, servicesPath } from './services.ts';
import { storeCopies } from './stored.ts';
import { addressRate, allServices, Watch } from './watch.ts';

/** The number that the controller uses. */
export const sockets = 16;

export type TestBed = Awaited<ReturnType<typeof startTestBed>>;

const root = resolve(import.meta.dirname, '../..');

/** A control plane, and the built controller as the image runs it. Everything that it starts goes on the stack. */
export async function startTestBed(stack: AsyncDisposableStack) {
  const { folder: binaries, missing } = locateBinaries(process.env);
  if (missing.length > 0) throw new PartFailed(`Missing ${missing.join(', ')}. Run: npm run controlplane`);
  say('building the controller, starting etcd and kube-apiserver');
  const temporary = temporaryFolder('kvcp-bench-');
  stack.defer(() => temporary.remove());
  const folder = temporary.path;
  const bundles = join(folder, 'dist');
  await buildDistribution({ ...distribution(root), outdir: bundles });
  const etcd = await onStack(stack, startEtcd(binaries));
  const api = await onStack(stack, startApiServer(binaries, etcd, { prefix: 'bench' }));
  const target: Target = { url: api.url, ca: api.ca, token: api.token };
  const requests = new Requests(target, sockets);
  stack.defer(() => requests.close());
  await requests.send(newNamespace());
  useServiceAccount(folder, bundles, target);
  const image = imageCommand(root, bundles, folder);
  const { hostname, port } = new URL(target.url);
  const env = { ...image.env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };

  const startNode = (args: readonly string[]): Promise<MeasuredProcess> => startMeasured(folder, stack, args);

  const startController = (
    flags: readonly string[] = [],
    more: Readonly<Record<string, string>> = {},
    wrapper: readonly string[] = [],
  ): Promise<MeasuredProcess> =>
    startMeasured(folder, stack, [...image.args, ...flags], { ...env, ...more }, wrapper);

  /** Sends requests over as many sockets as the controller has, from a separate process. */
  const sendApart = async (
    client: Client,
    plan: readonly Request[],
    program = join(import.meta.dirname, 'sender.ts'),
  ): Promise<SenderResult> => {
    const [file, result] = [join(folder, 'plan.json'), join(folder, 'result.json')];
    const text = JSON.stringify({ client, target, sockets, requests: plan, result } satisfies SenderPlan);
    writeFileSync(file, text, { mode: 0o600 });
    const sender = await startNode([program, file]);
    await sender.gone;
    if (!existsSync(result)) sender.check();
    await sender.stop();
    const measured = readFileSync(result, 'utf8');
    rmSync(result);
    return JSON.parse(measured) as SenderResult;
  };

  /** Watches from the current version on. */
  const watch = async (path = allServices): Promise<Watch> => {
    const list = await requests.send({ method: 'GET', path: `${path}?limit=1` });
    const { metadata } = JSON.parse(list) as { metadata: { resourceVersion: string } };
    const opened = new Watch(target, path, metadata.resourceVersion);
    // kube-apiserver waits up to a minute for open watches before it exits.
    stack.defer(() => opened.close());
    return opened;
  };

  const listServices = async (): Promise<{ services: Service[]; resourceVersion: string }> => {
    const text = await requests.send({ method: 'GET', path: servicesPath });
    const list = JSON.parse(text) as { items: Service[]; metadata: { resourceVersion: string } };
    return { services: list.items, resourceVersion: list.metadata.resourceVersion };
  };

  const createPool = async (data = configMap.data): Promise<void> => {
    const body = JSON.stringify({ ...configMap, data });
    await requests.send({ method: 'POST', path: configMapPath, body });
  };

  /** Waits until no more events are written. They follow the addresses. */
  const eventsWritten = async (): Promise<void> => {
    let last = -1;
    for (let equal = 0; equal < 2; ) {
      await pause(500);
      const { eventWrites } = await apiCounts(requests);
      equal = eventWrites === last ? equal + 1 : 0;
      last = eventWrites;
    }
  };

  /** Adds pending Services `service-FROM` up to `service-TO`, and returns a controller that has assigned their addresses. */
  const assign = async (from: number, to: number): Promise<MeasuredProcess> => {
    await requests.send(newService(`service-${from}`));
    const names = Array.from({ length: to - from - 1 }, (_, i) => `service-${from + 1 + i}`);
    await storeCopies(requests, etcd.url, { of: `service-${from}`, names });
    say(`the controller assigns addresses to ${(to - from).toLocaleString('en-US')} Services`);
    const services = await watch();
    const assigned = addressRate(services, to - from);
    const controller = await startController();
    await assigned.finally(() => controller.check());
    services.close();
    await eventsWritten();
    return controller;
  };

  return {
    ...{ binaries, folder, bundles, target, requests, kubeconfig: api.kubeconfig() },
    ...{ startNode, startController, sendApart, watch, listServices, createPool, eventsWritten, assign },
  };
}

/** As in a Pod: code that reads a kubeconfig is not part of the memory that users pay for. */
function useServiceAccount(folder: string, bundles: string, { ca, token }: Target): void {
  const account = join(folder, 'serviceaccount');
  mkdirSync(account);
  writeFileSync(join(account, 'ca.crt'), ca);
  writeFileSync(join(account, 'token'), token, { mode: 0o600 });
  const bundle = join(bundles, `${distribution(root).name}.js`);
  const built = readFileSync(bundle, 'utf8');
  if (!built.includes(SERVICE_ACCOUNT_FOLDER)) throw new Error(`no ${SERVICE_ACCOUNT_FOLDER} in the bundle`);
  writeFileSync(bundle, built.replaceAll(SERVICE_ACCOUNT_FOLDER, account));
}

/** On the stack before it has started, in case a signal arrives meanwhile. */
function onStack<T extends { stop(): Promise<void> }>(
  stack: AsyncDisposableStack,
  started: Promise<T>,
): Promise<T> {
  // A server that did not start has cleaned up, and the caller has its error.
  stack.defer(() =>
    started.then(
      (server) => server.stop(),
      () => {},
    ),
  );
  return started;
}
