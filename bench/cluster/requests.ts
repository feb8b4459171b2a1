import { Agent, request } from 'node:https';

/** Where the API server is, for a loop of plain requests. */
export interface Target {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: string;
}

/** No more than node:https: nothing of the client that is measured is in the yardstick. */
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

  /** The text of the answer; throws where the server says no. */
  async send(asked: Request): Promise<string> {
    return Buffer.concat(await this.read(asked)).toString('utf8');
  }

  /** The bytes as they came: what a list of all Services costs the server and the wire, and nobody else. */
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

  /** All of them, so many at once. */
  async sendAll(requests: Iterable<Request>, concurrency: number): Promise<void> {
    const rest = requests[Symbol.iterator]();
    const lane = async (): Promise<void> => {
      for (let one = rest.next(); one.done !== true; one = rest.next()) await this.send(one.value);
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
  }
}
