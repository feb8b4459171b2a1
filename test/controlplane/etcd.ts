import { cpSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type Child, freePorts, startChild } from './process.ts';
import { temporaryFolder } from './temporary.ts';

export interface Etcd {
  /** The value for --etcd-servers of kube-apiserver. Several API servers may share an etcd, each with a unique prefix. */
  url: string;
  stop(): Promise<void>;
}

/** An etcd that is not shared. */
export interface OwnEtcd extends Etcd {
  /** Simulates a crash. Acknowledged writes survive in the file cache of the operating system. */
  kill(): Promise<void>;
  /** Restarts etcd after a crash, with the same port and data. */
  restart(): Promise<void>;
  /** Saves the data after a crash. The returned function restores them after another crash. */
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
        // Data of a test need not survive a power failure.
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
      if (!(await isReady(child, url))) throw new Error(`etcd did not restart:\n${child.output()}`);
    };
    if (await isReady(child, url)) {
      await compactFirstRevisions(url);
      return { url, kill, restart, backup: () => backup(folder.path), stop };
    }
    const output = child.output();
    await stop();
    if (attempt === 3) throw new Error(`etcd did not start:\n${output}`);
  }
}

function backup(data: string): () => void {
  const saved = temporaryFolder('kvcp-etcd-backup-');
  cpSync(data, saved.path, { recursive: true });
  return () => {
    rmSync(data, { recursive: true });
    cpSync(saved.path, data, { recursive: true });
    saved.remove();
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
 * Compacts the first revisions, so that revision 1 is expired for every API server, like an old revision in a cluster
 * that has run for ten minutes. Uses etcd's JSON gateway.
 */
async function compactFirstRevisions(url: string): Promise<void> {
  const key = Buffer.from('past').toString('base64');
  for (let revision = 2; revision <= 10; revision++) await get(`${url}/v3/kv/put`, { key });
  await get(`${url}/v3/kv/compaction`, { revision: '10', physical: true });
}

function get(url: string, body?: unknown): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const outgoing = request(url, { method: body === undefined ? 'GET' : 'POST', agent: false }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
    });
    response.on('close', () => resolve(text));
  });
  outgoing.on('error', () => resolve(''));
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
