import { after, before, test } from 'node:test';
import type { User } from '../controlplane/apiserver.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { type Bundle, sharedBundle } from './bundle.ts';
import { Cluster } from './cluster.ts';
import { ControllerProcess } from './controller.ts';

export interface ScenarioContext {
  cluster: Cluster;
  /**
   * Starts the controller with the permissions of the shipped manifest, or as `user`. It is killed at the end of the test.
   */
  start(options?: StartOptions): ControllerProcess;
}

export interface StartOptions {
  env?: Record<string, string>;
  /** One of the scenarios' users, or `administrator`. */
  user?: string;
  flags?: readonly string[];
}

export type Scenario = (
  title: string,
  body: (context: ScenarioContext) => Promise<void>,
  timeoutMs?: number,
) => void;

/** Only ends a test that can't pass, and then shows the output of the controllers. */
export const scenarioTimeoutMs = 300_000;

/**
 * Returns a function that registers tests. All tests of a file run one after another on one kube-apiserver with these
 * flags, each in a cluster without Services and pools. A failure includes the output of the controllers.
 */
export function scenarios(
  prefix: string,
  users: readonly User[] = [],
  flags: readonly string[] = [],
): Scenario {
  const { folder, missing } = locateBinaries(process.env);
  const skip =
    missing.length > 0 ? `needs ${missing.join(', ')}: \`npm run controlplane\` builds them` : undefined;
  let bundle: Bundle | undefined;
  let cluster: Cluster | undefined;
  let account = '';
  if (skip === undefined) {
    before(async () => {
      bundle = await sharedBundle();
      cluster = await Cluster.start(folder, { prefix, users, flags });
      account = await cluster.install();
    });
    after(async () => {
      await cluster?.stop();
      bundle?.remove();
    });
  }
  return (title, body, timeoutMs = scenarioTimeoutMs) => {
    test(title, skip === undefined ? {} : { skip }, async () => {
      if (cluster === undefined || bundle === undefined) throw new Error('the cluster did not start');
      await play({ cluster, bundle: bundle.entry, account, timeoutMs }, body);
    });
  };
}

interface Setting {
  cluster: Cluster;
  bundle: string;
  /** The kubeconfig of the manifest's ServiceAccount. */
  account: string;
  timeoutMs: number;
}

async function play(
  { cluster, bundle, account, timeoutMs }: Setting,
  body: (context: ScenarioContext) => Promise<void>,
): Promise<void> {
  const controllers: ControllerProcess[] = [];
  const failed = Promise.withResolvers<never>();
  const context: ScenarioContext = {
    cluster,
    start({ env = {}, user, flags = [] } = {}) {
      const kubeconfig = user === undefined ? account : cluster.server.kubeconfig(user);
      const controller = new ControllerProcess({ bundle, kubeconfig, env, flags });
      controllers.push(controller);
      void controller.exitedUnexpectedly.then(() => failed.reject(new Error('a controller ended by itself')));
      return controller;
    },
  };
  const timer = setTimeout(() => failed.reject(new Error(`no end within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([body(context), failed.promise]);
  } catch (error) {
    const logs = controllers.map(({ output }, index) => `--- output of controller ${index + 1}\n${output}`);
    const message = error instanceof Error ? error.message : String(error);
    throw new Error([message, ...logs].join('\n'), { cause: error });
  } finally {
    clearTimeout(timer);
    await Promise.all(controllers.map((controller) => controller.crash()));
    await cluster.clear();
  }
}
