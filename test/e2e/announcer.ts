import { type Cluster, keyOf } from './cluster.ts';
import { assignmentOf, loadBalancer } from './objects.ts';
import type { ServiceWatch } from './service-watch.ts';

/** Writes each new address into the status, as kube-vip does, and keeps the addresses of each Service in order. */
export class Announcer {
  readonly addresses = new Map<string, string[]>();
  readonly #cluster: Cluster;
  readonly #watch: ServiceWatch;
  readonly #end: Promise<void>;
  #isClosed = false;

  /** Announces while `body` runs. */
  static async during(cluster: Cluster, body: (announcer: Announcer) => Promise<void>): Promise<void> {
    const announcer = new Announcer(cluster, await cluster.watch());
    try {
      await body(announcer);
    } finally {
      await announcer.#close();
    }
  }

  private constructor(cluster: Cluster, watch: ServiceWatch) {
    this.#cluster = cluster;
    this.#watch = watch;
    this.#end = this.#run();
  }

  /** Ends with the next event, so it causes one. */
  async #close(): Promise<void> {
    this.#isClosed = true;
    await this.#cluster.create(loadBalancer('default/last', { loadBalancerClass: 'example.com/other' }));
    await this.#end;
    this.#watch.close();
  }

  async #run(): Promise<void> {
    const writes: Promise<void>[] = [];
    while (!this.#isClosed) {
      const { object, type } = await this.#watch.next();
      const { addresses } = assignmentOf(object);
      const key = keyOf(object);
      const known = this.addresses.get(key) ?? [];
      if (type === 'DELETED' || addresses === null || known.at(-1) === addresses) continue;
      this.addresses.set(key, [...known, addresses]);
      // Deleted meanwhile.
      writes.push(this.#cluster.announce(key).catch(() => {}));
    }
    await Promise.all(writes);
  }
}
