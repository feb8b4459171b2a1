import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { annotations } from '../../src/core/model/well-known-names.ts';
import type { Target } from './requests.ts';

interface Watched {
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  /** Of a Lease. */
  readonly spec?: { readonly holderIdentity?: string };
}

type Matches = (type: string, object: Watched) => boolean;

interface Expected {
  readonly matches: Matches;
  readonly resolve: (at: number) => void;
  readonly reject: (error: unknown) => void;
}

export const allServices = '/api/v1/services';

/** A watch over plain node:https. It continues if the server closes it, as it does with a slow watcher. */
export class Watch {
  readonly #target: Target;
  readonly #path: string;
  readonly #expected = new Set<Expected>();
  #version: string;
  #request: ClientRequest | undefined;
  #isClosed = false;
  #failure: unknown;

  constructor(target: Target, path: string, resourceVersion: string) {
    this.#target = target;
    this.#path = path;
    this.#version = resourceVersion;
    this.#open();
  }

  /** The time, by `performance.now`, of the first matching event after the call. */
  until(what: string, matches: Matches, limitMs = 60_000): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const expected = { matches, resolve, reject };
    if (this.#failure !== undefined) reject(this.#failure);
    this.#expected.add(expected);
    const timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs / 1000} s`)), limitMs);
    const seen = promise.finally(() => {
      clearTimeout(timer);
      this.#expected.delete(expected);
    });
    // Callers may await it only later.
    seen.catch(() => {});
    return seen;
  }

  addressed(namespace: string, name: string, limitMs?: number): Promise<number> {
    const matches: Matches = (type, object) => {
      const { metadata } = object;
      return (
        metadata.name === name && metadata.namespace === namespace && type !== 'DELETED' && hasAddress(object)
      );
    };
    return this.until(`address of ${namespace}/${name}`, matches, limitMs);
  }

  deleted(namespace: string, name: string): Promise<number> {
    return this.until(
      `deletion of ${namespace}/${name}`,
      (type, { metadata }) =>
        type === 'DELETED' && metadata.name === name && metadata.namespace === namespace,
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#request?.destroy();
  }

  #open(): void {
    const { url, ca, token } = this.#target;
    const path = `${url}${this.#path}?watch=true&resourceVersion=${this.#version}`;
    const headers = { authorization: `Bearer ${token}` };
    const fail = (error: unknown): void => this.#fail(error);
    this.#request = request(path, { headers, ca, agent: false }, (response) => {
      if (response.statusCode !== 200) return fail(new Error(`watch of ${path}: ${response.statusCode}`));
      const lines = createInterface({ input: response }).on('line', (line) => this.#read(line));
      lines.on('error', fail).on('close', () => {
        if (!this.#isClosed) this.#open();
      });
    });
    this.#request.on('error', fail).end();
  }

  #read(line: string): void {
    const { type, object } = JSON.parse(line) as { type: string; object: Watched };
    if (type === 'ERROR') this.#fail(new Error(`watch of ${this.#path}: ${line}`));
    else {
      this.#version = object.metadata.resourceVersion ?? this.#version;
      for (const { matches, resolve } of this.#expected)
        if (matches(type, object)) resolve(performance.now());
    }
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#failure = error;
    for (const { reject } of this.#expected) reject(error);
  }
}

/** Addresses per second, from the first of so many Services to the last. Slower than 50 per second is a failure. */
export async function addressRate(watch: Watch, services: number): Promise<number> {
  const times = new Map<string, number>();
  const matches: Matches = (_, object) => {
    const { name } = object.metadata;
    if (hasAddress(object) && !times.has(name)) times.set(name, performance.now());
    return times.size === services;
  };
  const last = await watch.until(`addresses of ${services} Services`, matches, 30_000 + 20 * services);
  const [first = Number.NaN] = times.values();
  return ((services - 1) * 1000) / (last - first);
}

function hasAddress({ metadata }: Watched): boolean {
  return (metadata.annotations?.[annotations.addresses] ?? '') !== '';
}
