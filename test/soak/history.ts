import { type ClientRequest, request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** A write that etcd has committed. */
export interface Stored {
  /** The revision in etcd, which orders the writes of all resources. */
  readonly revision: number;
  /** Without the prefix: `services/specs/default/web`. */
  readonly key: string;
  /** Undefined if it was deleted. */
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

const timeoutMs = 60_000;

/**
 * Follows all writes below a prefix, each once and in order. It reads from etcd, because a watch of the API server may miss
 * writes while the server is down. Uses etcd's JSON gateway, and requires an API server that stores JSON
 * (`--storage-media-type`).
 */
export class History {
  readonly #url: string;
  readonly #prefix: string;
  readonly #wants: (key: string) => boolean;
  readonly #onStored: (stored: Stored) => void;
  readonly #ended = Promise.withResolvers<never>();
  #revision = 0;
  #request: ClientRequest | undefined;
  #isClosed = false;

  constructor(
    url: string,
    prefix: string,
    wants: (key: string) => boolean,
    onStored: (stored: Stored) => void,
  ) {
    this.#url = url;
    this.#prefix = prefix;
    this.#wants = wants;
    this.#onStored = onStored;
    this.#ended.promise.catch(() => {});
  }

  /** Rejects if the history can no longer be followed, or if the callback throws. */
  get failed(): Promise<never> {
    return this.#ended.promise;
  }

  /** Starts at the first revision that is not compacted. Resolves when etcd has responded. */
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
        const hasData = await this.#watch(begun);
        if (hasData) since = performance.now();
        if (performance.now() - since > timeoutMs) throw new Error('etcd is unavailable');
        await pause(50);
      }
    } catch (error) {
      this.#ended.reject(error);
    }
  }

  /** Reads one connection until it breaks, and returns whether it delivered anything. */
  #watch(begun: () => void): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const bytes = (text: string): string => Buffer.from(text).toString('base64');
    const create_request = {
      key: bytes(this.#prefix),
      // The first key after the prefix: `0` follows `/`.
      range_end: bytes(this.#prefix.replace(/\/$/, '0')),
      ...(this.#revision === 0 ? {} : { start_revision: String(this.#revision + 1) }),
    };
    let hasData = false;
    this.#request = request(`${this.#url}/v3/watch`, { method: 'POST', agent: false }, (response) => {
      const lines = createInterface({ input: response });
      lines.on('line', (line) => {
        hasData = true;
        try {
          this.#take(JSON.parse(line) as WatchAnswer);
          begun();
        } catch (error) {
          reject(error);
        }
      });
      lines.on('error', () => resolve(hasData));
      response.on('close', () => resolve(hasData));
    });
    this.#request.on('error', () => resolve(hasData));
    this.#request.end(JSON.stringify({ create_request }));
    return promise;
  }

  #take({ result }: WatchAnswer): void {
    const { header, events = [], compact_revision: compacted } = result ?? {};
    if (compacted !== undefined) throw new Error(`etcd has compacted the revisions before ${compacted}`);
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
      this.#onStored({ revision, key, object });
    }
  }
}
