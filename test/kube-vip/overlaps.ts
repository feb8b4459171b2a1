import type { Body, Watch } from '../contract/http.ts';
import { type Cluster, keyOf } from '../e2e/cluster.ts';
import { assignmentOf } from '../e2e/objects.ts';

/**
 * Follows all Services in the order in which the API server stored them, and remembers whenever a pool's address was given
 * to a Service while another one showed it, with a port in common.
 */
export class Overlaps {
  /** A sentence for each. */
  readonly found: string[] = [];
  readonly #watch: Watch;
  readonly #shown = new Map<string, { addresses: ReadonlySet<string>; ports: readonly number[] }>();
  readonly #given = new Map<string, ReadonlySet<string>>();

  static async follow(cluster: Cluster): Promise<Overlaps> {
    return new Overlaps(await cluster.client.watch('/api/v1/services?watch=true'));
  }

  private constructor(watch: Watch) {
    this.#watch = watch;
    void this.#read();
  }

  async #read(): Promise<void> {
    for (;;) {
      const event = await this.#watch.next(600_000).catch(() => undefined);
      if (event === undefined) return;
      this.#take(event.type, event.object);
    }
  }

  #take(type: string, service: Body): void {
    const key = keyOf(service);
    if (type === 'DELETED') {
      this.#shown.delete(key);
      this.#given.delete(key);
      return;
    }
    const { addresses, from } = assignmentOf(service);
    const annotated = new Set(addresses?.split(',') ?? []);
    const status = (service.status.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip);
    const ports = (service.spec.ports ?? []).map(({ port = 0 }) => port);
    for (const address of annotated) {
      if (from === null || from === 'static' || this.#given.get(key)?.has(address)) continue;
      for (const [other, shown] of this.#shown)
        if (other !== key && shown.addresses.has(address) && ports.some((port) => shown.ports.includes(port)))
          this.found.push(`${key} got ${address} while ${other} showed it`);
    }
    this.#given.set(key, annotated);
    this.#shown.set(key, { addresses: new Set([...annotated, ...status]), ports });
  }

  close(): void {
    this.#watch.close();
  }
}
