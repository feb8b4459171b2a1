import { cpSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type Child, freePorts, startChild } from './process.ts';
import { temporaryFolder } from './temporary.ts';

export interface Etcd {
  /** For kube-apiserver's --etcd-servers. Several API servers may use one etcd, each under a prefix of its own. */
  url: string;
  stop(): Promise<void>;
}

/** One that nobody else uses. */
export interface OwnEtcd extends Etcd {
  /** A crash: what it has answered is in the system's cache of its files, which outlives a process. */
  kill(): Promise<void>;
  /** The same etcd again, after a crash: same port and data. */
  restart(): Promise<void>;
  /** After a crash: keeps the data as they are now. What is returned puts them back, after another crash. */
  backup(): () => void;
}

export async function startEtcd(binaries: string): Promise<OwnEtcd> {
  for (let attempt = 1; ; attempt++) {
    const folder = temporaryFolder('kvcp-etcd-');
    const [client = 0, peer = 0] = await freePorts(2);
    const url = `http://127.0.0.1:${client}`;
    const launch = (): Child =>
      startChild(join(binaries, 'etcd'), [
        ...['--data-dir', folder.path, '--log-level', 'error'],
        ...['--listen-client-urls', url, '--advertise-client-urls', url],
        ...['--listen-peer-urls', `http://127.0.0.1:${peer}`],
        // What a test writes need not survive a power failure.
        '--unsafe-no-fsync',
      ]);
    let child = launch();
    const stop = async (): Promise<void> => {
      await child.stop();
      folder.remove();
    };
    const kill = (): Promise<void> => child.stop('KILL');
    const restart = async (): Promise<void> => {
      child = launch();
      if (!(await isReady(child, url))) throw new Error(`etcd did not start again:\n${child.output()}`);
    };
    if (await isReady(child, url)) {
      await forgetBeginning(url);
      return { url, kill, restart, backup: () => backup(folder.path), stop };
    }
    const output = child.output();
    await stop();
    if (attempt === 3) throw new Error(`etcd did not start:\n${output}`);
  }
}

function backup(data: string): () => void {
  const kept = temporaryFolder('kvcp-etcd-backup-');
  cpSync(data, kept.path, { recursive: true });
  return () => {
    rmSync(data, { recursive: true });
    cpSync(kept.path, data, { recursive: true });
    kept.remove();
  };
}

async function isReady(child: Child, url: string): Promise<boolean> {
  for (let tries = 0; child.running() && tries < 200; tries++) {
    if ((await get(`${url}/health`)).includes('"true"')) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/**
 * An etcd with a past that it has forgotten: to every API server on it, revision 1 is expired, as any old revision is
 * in a cluster that has run for ten minutes. Uses etcd's JSON gateway over its gRPC API.
 */
async function forgetBeginning(url: string): Promise<void> {
  const key = Buffer.from('past').toString('base64');
  for (let revision = 2; revision <= 10; revision++) await get(`${url}/v3/kv/put`, { key });
  await get(`${url}/v3/kv/compaction`, { revision: '10', physical: true });
}

function get(url: string, body?: unknown): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const asked = request(url, { method: body === undefined ? 'GET' : 'POST', agent: false }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
    });
    response.on('close', () => resolve(text));
  });
  asked.on('error', () => resolve(''));
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
