/** The leader of two replicas is ended by SIGTERM, among so many Services that are served; a few times. */

import { startEtcd } from '../../test/controlplane/etcd.ts';
import { buildBundle } from '../../test/e2e/bundle.ts';
import { Cluster } from '../../test/e2e/cluster.ts';
import { ControllerProcess } from '../../test/e2e/controller.ts';
import { onStack } from '../cluster/on-stack.ts';
import type { Stack } from '../cluster/stack.ts';
import { serve } from '../part.ts';
import { say } from '../progress.ts';
import { fill, type Timeline, takeover, times } from './takeover.ts';

export interface TakeoverInput {
  readonly binaries: string;
  readonly services: number;
  readonly rounds: number;
}

export interface TakeoverFigures {
  readonly services: number;
  readonly timelines: readonly Timeline[];
}

async function takeovers(input: TakeoverInput, signal: AbortSignal): Promise<TakeoverFigures> {
  return onStack(signal, (stack) => measure(input, stack));
}

async function measure(
  { binaries, services, rounds }: TakeoverInput,
  stack: Stack,
): Promise<TakeoverFigures> {
  say('takeover: building the controller, starting etcd and kube-apiserver');
  const bundle = await buildBundle();
  stack.push(() => bundle.remove());
  const etcd = await startEtcd(binaries);
  const prefix = 'takeover';
  const cluster = await Cluster.start(binaries, { prefix }, etcd);
  stack.push(() => cluster.stop());
  await cluster.pools({ 'cidr-global': '10.0.0.0/8' });
  await fill(cluster, { etcd: etcd.url, prefix }, services);
  const kubeconfig = cluster.server.kubeconfig();
  const start = (): ControllerProcess =>
    new ControllerProcess({ bundle: bundle.entry, kubeconfig, env: {}, flags: times });
  const timelines: Timeline[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    say(`takeover: ${round} of ${rounds}`);
    timelines.push(await takeover(cluster, { name: 'ours', start }, 'SIGTERM'));
  }
  return { services, timelines };
}

await serve(takeovers);
