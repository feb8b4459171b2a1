import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildDistribution } from '../../scripts/build.ts';
import { SERVICE_ACCOUNT_FOLDER } from '../../src/client/in-cluster.ts';
import { startApiServer } from '../../test/controlplane/apiserver.ts';
import { startEtcd } from '../../test/controlplane/etcd.ts';
import { say } from '../progress.ts';
import { imageCommand } from './image.ts';
import { type MeasuredProcess, startMeasured } from './measured-process.ts';
import { Observer } from './observer.ts';
import { Requests, type Target } from './requests.ts';
import { servicesPath } from './services.ts';
import type { Stack } from './stack.ts';
import type { Store } from './stored.ts';

/** As many as the controller has. */
export const sockets = 16;

export interface TestBed {
  readonly target: Target;
  readonly requests: Requests;
  readonly store: Store;
  /** For what belongs to this run alone. */
  readonly folder: string;
  /** Node with these arguments. */
  start(args: readonly string[]): Promise<MeasuredProcess>;
  /** The controller, as the image runs it. */
  startController(flags?: readonly string[]): Promise<MeasuredProcess>;
  observe(resourceVersion: string, wanted: number): Observer;
}

/** A control plane and the built controller. Whatever is started is on the stack before it is waited for. */
export async function makeTestBed(binaries: string, stack: Stack): Promise<TestBed> {
  const folder = mkdtempSync(join(tmpdir(), 'kvcp-bench-'));
  stack.push(() => rmSync(folder, { recursive: true, force: true }));
  say('building the controller, starting etcd and kube-apiserver');
  const root = resolve(import.meta.dirname, '../..');
  const outdir = join(folder, 'dist');
  const name = 'kube-vip-cloud-provider';
  await buildDistribution({
    root,
    entry: 'src/cmd/controller/main.ts',
    name,
    outdir,
    version: '0.0.0-bench',
  });
  const etcd = startEtcd(binaries);
  stack.push(() => stopped(etcd));
  const store: Store = { etcd: (await etcd).url, prefix: 'bench' };
  const api = startApiServer(binaries, await etcd, { prefix: store.prefix });
  stack.push(() => stopped(api));
  const { url, ca, token } = await api;
  const target: Target = { url, ca, token };
  const requests = new Requests(target, sockets);
  stack.push(() => requests.close());

  // As in a Pod: what reads a kubeconfig is no part of the memory that people pay for.
  const bundle = join(outdir, `${name}.js`);
  const account = join(folder, 'serviceaccount');
  mkdirSync(account);
  for (const [file, text] of Object.entries({ 'ca.crt': ca, token })) {
    writeFileSync(join(account, file), text, { mode: 0o600 });
  }
  const built = readFileSync(bundle, 'utf8');
  const moved = built.replaceAll(SERVICE_ACCOUNT_FOLDER, account);
  if (moved === built) throw new Error(`the bundle does not name ${SERVICE_ACCOUNT_FOLDER}`);
  writeFileSync(bundle, moved);
  const { hostname, port } = new URL(url);
  const image = imageCommand(root, outdir, folder);
  const env = { ...image.env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  return {
    ...{ target, requests, store, folder },
    start: (args) => startMeasured(folder, stack, args),
    startController: (flags = []) => startMeasured(folder, stack, [...image.args, ...flags], env),
    observe(resourceVersion, wanted) {
      const observer = new Observer(target, servicesPath, resourceVersion, wanted);
      // An API server that is asked to end waits up to a minute for watches to be closed.
      stack.push(() => observer.close());
      return observer;
    },
  };
}

/** One that did not start has cleaned up itself, and whoever started it has the error. */
async function stopped(started: Promise<{ stop(): Promise<void> }>): Promise<void> {
  await started.then(
    (server) => server.stop(),
    () => {},
  );
}
