import { Agent, request } from 'node:https';
import { concurrently } from '../concurrently.ts';

/** Where the API server is. */
export interface Target {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: string;
}

/** Only node:https: the limit that the controller is compared with shares no code with its client. */
export class Requests {
  readonly #target: Target;
  readonly #agent: Agent;

  constructor(target: Target, sockets: number) {
    this.#target = target;
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets, ca: target.ca });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Returns the text of the answer; throws if the status is not 2xx. */
  async send(asked: Request): Promise<string> {
    return Buffer.concat(await this.read(asked)).toString('utf8');
  }

  /** Returns the bytes as they arrived. */
  read({ method, path, body }: Request): Promise<Buffer[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer[]>();
    const { url, token } = this.#target;
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const about =
      body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) };
    const headers = { accept: 'application/json', authorization: `Bearer ${token}`, ...about };
    const asked = request(`${url}${path}`, { method, headers, agent: this.#agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if ((response.statusCode ?? 0) < 300) return resolve(chunks);
        const text = Buffer.concat(chunks).toString('utf8').slice(0, 300);
        reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    asked.on('error', reject);
    asked.end(body);
    return promise;
  }

  /** Sends all requests, one on each socket at a time. */
  sendAll(requests: Iterable<Request>): Promise<void> {
    return concurrently(requests, this.#agent.maxSockets, (request) => this.send(request));
  }
}
