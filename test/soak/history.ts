import { type ClientRequest, request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** One write that etcd has accepted. */
export interface Stored {
  /** etcd's own count of writes: all resources are in one order. */
  readonly revision: number;
  /** Without the prefix: `services/specs/default/web`. */
  readonly key: string;
  /** Undefined: it was deleted. */
  readonly object: unknown;
}

interface WatchAnswer {
  readonly result?: {
    readonly header?: { readonly revision?: string };
    readonly compact_revision?: string;
    readonly events?: readonly {
      readonly type?: 'DELETE';
      readonly kv: { readonly key: string; readonly mod_revision: string; readonly value?: string };
    }[];
  };
}

const patienceMs = 60_000;

/**
 * Everything that is written below a prefix, each write once and in order, read from etcd itself: while the API server is
 * away and when it comes back nothing is missed, which a watch of its own could not promise. Uses etcd's JSON gateway; the
 * API server has to store JSON (`--storage-media-type`).
 */
export class History {
  readonly #url: string;
  readonly #prefix: string;
  readonly #wants: (key: string) => boolean;
  readonly #told: (stored: Stored) => void;
  readonly #ended = Promise.withResolvers<never>();
  #revision = 0;
  #request: ClientRequest | undefined;
  #isClosed = false;

  constructor(url: string, prefix: string, wants: (key: string) => boolean, told: (stored: Stored) => void) {
    this.#url = url;
    this.#prefix = prefix;
    this.#wants = wants;
    this.#told = told;
    this.#ended.promise.catch(() => {});
  }

  /** Rejects once the history cannot be followed any more, or what is told of it throws. */
  get failed(): Promise<never> {
    return this.#ended.promise;
  }

  /** Follows it from its first write that is left; resolves when etcd has answered. */
  start(): Promise<void> {
    const begun = Promise.withResolvers<void>();
    void this.#follow(begun.resolve);
    return Promise.race([begun.promise, this.failed]);
  }

  close(): void {
    this.#isClosed = true;
    this.#request?.destroy();
  }

  async #follow(begun: () => void): Promise<void> {
    let since = performance.now();
    try {
      while (!this.#isClosed) {
        const heard = await this.#watch(begun);
        if (heard) since = performance.now();
        if (performance.now() - since > patienceMs) throw new Error('etcd does not come back');
        await pause(50);
      }
    } catch (error) {
      this.#ended.reject(error);
    }
  }

  /** One connection, until it breaks; whether anything came over it. */
  #watch(begun: () => void): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const bytes = (text: string): string => Buffer.from(text).toString('base64');
    const create_request = {
      key: bytes(this.#prefix),
      // The next text that does not begin like this: `/` is followed by `0`.
      range_end: bytes(this.#prefix.replace(/\/$/, '0')),
      ...(this.#revision === 0 ? {} : { start_revision: String(this.#revision + 1) }),
    };
    let heard = false;
    this.#request = request(`${this.#url}/v3/watch`, { method: 'POST', agent: false }, (response) => {
      const lines = createInterface({ input: response });
      lines.on('line', (line) => {
        heard = true;
        try {
          this.#take(JSON.parse(line) as WatchAnswer);
          begun();
        } catch (error) {
          reject(error);
        }
      });
      lines.on('error', () => resolve(heard));
      response.on('close', () => resolve(heard));
    });
    this.#request.on('error', () => resolve(heard));
    this.#request.end(JSON.stringify({ create_request }));
    return promise;
  }

  #take({ result }: WatchAnswer): void {
    const { header, events = [], compact_revision: compacted } = result ?? {};
    if (compacted !== undefined) throw new Error(`etcd has forgotten its revisions before ${compacted}`);
    if (Number(header?.revision) < this.#revision)
      throw new Error(
        `etcd is at revision ${header?.revision}, and was at ${this.#revision}: it lost writes`,
      );
    for (const { type, kv } of events) {
      const revision = Number(kv.mod_revision);
      this.#revision = Math.max(this.#revision, revision);
      const key = Buffer.from(kv.key, 'base64').toString().slice(this.#prefix.length);
      if (!this.#wants(key)) continue;
      const object: unknown =
        type === 'DELETE' ? undefined : JSON.parse(Buffer.from(kv.value ?? '', 'base64').toString());
      this.#told({ revision, key, object });
    }
  }
}
