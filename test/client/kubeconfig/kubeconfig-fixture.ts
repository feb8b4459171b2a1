import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Connection } from '../../../src/client/cluster-connection.ts';
import { kubeconfigConnection } from '../../../src/client/kubeconfig/kubeconfig.ts';
import type { ConnectionFlags } from '../../../src/client/kubeconfig/kubeconfig-flags.ts';
import { createFakeClock, type FakeClock } from '../fake-clock.ts';

export interface Fixture {
  folder: string;
  clock: FakeClock;
  path(name: string): string;
  write(name: string, text: string): Promise<void>;
  load(options?: {
    file?: string;
    env?: Record<string, string>;
    flags?: ConnectionFlags;
  }): Promise<Connection>;
}

export async function withFiles(
  files: Record<string, string>,
  body: (place: Fixture) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  const clock = createFakeClock();
  const path = (name: string): string => join(folder, name);
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), text);
  };
  try {
    for (const [name, text] of Object.entries(files)) await write(name, text);
    await body({
      folder,
      clock,
      path,
      write,
      load: ({ file, env = {}, flags = {} } = {}) =>
        kubeconfigConnection({ env, home: folder, clock, flags, ...(file === undefined ? {} : { file }) }),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Parts {
  cluster?: Record<string, unknown>;
  user?: Record<string, unknown>;
  context?: Record<string, unknown>;
  current?: string;
  name?: string;
}

/** JSON is YAML. */
export function config({ cluster, user, context, current, name = 'main' }: Parts): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: 'https://example.test:6443', ...cluster } }],
    users: [{ name, user: { token: 'secret', ...user } }],
    contexts: [{ name, context: { cluster: name, user: name, ...context } }],
    ...(current === '' ? {} : { 'current-context': current ?? name }),
  });
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');
