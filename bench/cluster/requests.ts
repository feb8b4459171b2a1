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
  send({ method, path, body }: Request): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
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
        const text = Buffer.concat(chunks).toString('utf8');
        if ((response.statusCode ?? 0) < 300) resolve(text);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 300)}`));
      });
    });
    asked.on('error', reject);
    asked.end(body);
    return promise;
  }

  /** All of them, so many at once. */
  async sendAll(requests: readonly Request[], lanes: number): Promise<void> {
    const rest = requests.values();
    const lane = async (): Promise<void> => {
      for (const one of rest) await this.send(one);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }
}
