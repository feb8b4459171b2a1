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
import { type ScenarioContext, scenarios } from './scenario.ts';

interface GoVersionOptions {
  program: string;
  kubeconfig: string;
  env?: Readonly<Record<string, string>>;
  flags?: readonly string[];
}

/** The program that this project re-implements, v0.0.12, as a process of its own. */
export class GoVersion {
  readonly #child: Child;
  /** Outside a cluster one of its two clients reads `~/.kube/config`, whatever --kubeconfig says. */
  readonly #home = temporaryFolder('kvcp-go-home-');
  /** Fulfilled if it ends without having been asked to. */
  readonly exitedUnexpectedly: Promise<void>;
  #isEnded = false;
  #text = '';

  constructor({ program, kubeconfig, env = {}, flags: more = [] }: GoVersionOptions) {
    cpSync(kubeconfig, join(this.#home.path, '.kube', 'config'));
    const flags = [
      ...['--OutSideCluster', '--kubeconfig', kubeconfig, '--secure-port=0'],
      // As its own manifest has it; the default is cloud-controller-manager.
      '--leader-elect-resource-name=kube-vip-cloud-controller',
      // It does not give its Lease back: whoever follows waits until it has run out.
      ...quickElection,
      // Its other client stays at client-go's 5 requests a second.
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

  /** Everything it wrote. */
  get output(): string {
    return this.#text;
  }

  /** Waits until it wrote something. */
  logs(pattern: RegExp, timeoutMs?: number): Promise<void> {
    return eventually(() => assert.match(this.#text, pattern), timeoutMs);
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

/** It makes five requests a second, four for each Service. */
export const slow = 40_000;

/** Waits until each of these has an address. */
export async function hasAddresses(cluster: Cluster, ...keys: string[]): Promise<void> {
  await eventually(async () => {
    const addresses = await cluster.addresses();
    const without = keys.filter((key) => addresses[key] === null);
    assert.deepEqual(without, [], 'these have no address');
  }, slow);
}

/** For one test: it is slow, and other tests may be running. */
const timeoutMs = 100_000;

export interface GoScenarioContext extends ScenarioContext {
  /** Starts the Go version; what is still running when the test ends is ended then. */
  startGo(env?: Record<string, string>): GoVersion;
}

/** As `scenarios`, with the Go version at hand. */
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
        const logs = started.map(({ output }, index) => `--- Go version ${index + 1} said\n${output}`);
        throw new Error([String(error), ...logs].join('\n'), { cause: error });
      } finally {
        clearTimeout(timer);
        await Promise.all(started.map((go) => go.crash()));
      }
    };
    // Ours ends after it, so that none outlives its test.
    scenario(title, play, timeoutMs + 5_000);
  };
}
