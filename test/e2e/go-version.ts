import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { locateBinaries } from '../controlplane/binaries.ts';
import { type Child, startChild } from '../controlplane/process.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import type { Cluster } from './cluster.ts';
import { quickElection } from './controller.ts';
import { eventually } from './eventually.ts';
import { type ScenarioContext, scenarios, scenarioTimeoutMs } from './scenario.ts';

interface GoVersionOptions {
  program: string;
  kubeconfig: string;
  env?: Readonly<Record<string, string>>;
  flags?: readonly string[];
}

/** A process that runs v0.0.12 of the Go version. */
export class GoVersion {
  readonly #child: Child;
  /** Outside a cluster, one of its two clients ignores --kubeconfig and reads `~/.kube/config`. */
  readonly #home = temporaryFolder('kvcp-go-home-');
  /** Resolves if the process exits without a request to. */
  readonly exitedUnexpectedly: Promise<void>;
  #isEnded = false;
  #text = '';

  constructor({ program, kubeconfig, env = {}, flags: more = [] }: GoVersionOptions) {
    cpSync(kubeconfig, join(this.#home.path, '.kube', 'config'));
    const flags = [
      ...['--OutSideCluster', '--kubeconfig', kubeconfig, '--secure-port=0'],
      // The flag in its manifest; the default is cloud-controller-manager.
      '--leader-elect-resource-name=kube-vip-cloud-controller',
      // It does not release its Lease, so its successor waits until the Lease expires.
      ...quickElection,
      // Its other client keeps client-go's limit of 5 requests per second.
      ...['--kube-api-qps=100', '--kube-api-burst=100'],
      ...more,
    ];
    this.#child = startChild(program, flags, {
      env: { HOME: this.#home.path, ...env },
      onOutput: (text) => {
        this.#text += text;
      },
    });
    this.exitedUnexpectedly = new Promise((resolve) => {
      void this.#child.exited.then(() => {
        this.#home.remove();
        if (!this.#isEnded) resolve();
      });
    });
  }

  /** Everything that the process wrote. */
  get output(): string {
    return this.#text;
  }

  /** Waits for output that matches. */
  logs(pattern: RegExp): Promise<void> {
    return eventually(() => assert.match(this.#text, pattern));
  }

  async terminate(): Promise<void> {
    this.#isEnded = true;
    await this.#child.stop('TERM');
  }

  async crash(): Promise<void> {
    this.#isEnded = true;
    await this.#child.stop('KILL');
  }
}

/** Waits until each of these has an address. */
export async function hasAddresses(cluster: Cluster, ...keys: string[]): Promise<void> {
  await eventually(async () => {
    const addresses = await cluster.addresses();
    const without = keys.filter((key) => addresses[key] === null);
    assert.deepEqual(without, [], 'these have no address');
  });
}

/** The scenario's own timeout is longer, so that this one ends the Go version first. */
const timeoutMs = scenarioTimeoutMs - 5_000;

export interface GoScenarioContext extends ScenarioContext {
  /** Starts the Go version, which is killed at the end of the test. */
  startGo(env?: Record<string, string>): GoVersion;
}

/** Like `scenarios`, with the Go version. */
export function goScenarios(
  prefix: string,
): (title: string, body: (context: GoScenarioContext) => Promise<void>) => void {
  const { folder, missing } = locateBinaries(process.env, 'peers');
  if (missing.length > 0) {
    const skip = `needs ${missing.join(', ')}: \`npm run controlplane\` builds them`;
    return (title) => test(title, { skip }, () => {});
  }
  const scenario = scenarios(prefix);
  return (title, body) => {
    const play = async (context: ScenarioContext): Promise<void> => {
      const { cluster } = context;
      const started: GoVersion[] = [];
      const failed = Promise.withResolvers<never>();
      const startGo = (env: Record<string, string> = {}): GoVersion => {
        const go = new GoVersion({
          program: join(folder, 'go-version'),
          kubeconfig: cluster.server.kubeconfig(),
          env,
        });
        started.push(go);
        void go.exitedUnexpectedly.then(() => failed.reject(new Error('the Go version ended by itself')));
        return go;
      };
      const timer = setTimeout(() => failed.reject(new Error(`no end within ${timeoutMs} ms`)), timeoutMs);
      try {
        await Promise.race([body({ ...context, startGo }), failed.promise]);
      } catch (error) {
        const logs = started.map(({ output }, index) => `--- output of Go version ${index + 1}\n${output}`);
        throw new Error([String(error), ...logs].join('\n'), { cause: error });
      } finally {
        clearTimeout(timer);
        await Promise.all(started.map((go) => go.crash()));
      }
    };
    scenario(title, play);
  };
}
