import { connect, NetworkNamespace } from './network-namespace.ts';

/**
 * A client and two hosts with the same address, behind a router, each in a network namespace of its own:
 *
 *   client ── router ─┬─ one
 *                     └─ two
 *
 * The router decides which host has the address, and discards packets. It never answers for a host.
 */
export class TestNetwork {
  /** The address that can move. */
  readonly address = '10.78.0.1';
  readonly #namespaces: Readonly<Record<Member, NetworkNamespace>>;
  #dropped: number[] = [];

  static async create(): Promise<TestNetwork> {
    const [router, client, one, two] = await Promise.all([
      NetworkNamespace.create(),
      NetworkNamespace.create(),
      NetworkNamespace.create(),
      NetworkNamespace.create(),
    ]);
    const network = new TestNetwork({ router, client, one, two });
    await network.#configure();
    return network;
  }

  private constructor(namespaces: Readonly<Record<Member, NetworkNamespace>>) {
    this.#namespaces = namespaces;
  }

  /** The namespace in which the programs of a client or host run. */
  at(member: 'client' | Host): NetworkNamespace {
    return this.#namespaces[member];
  }

  /** Gives the address to a host. Connections to the other one are unknown there. */
  moveTo(host: Host): Promise<void> {
    return this.#ip('router', `route replace ${this.address} via ${hosts[host]}.2`);
  }

  /** Discards all packets to the address. */
  isolate(): Promise<void> {
    return this.#ip('router', `route replace blackhole ${this.address}`);
  }

  /** Discards all packets from the address. It still receives packets. */
  async deafen(): Promise<void> {
    await this.#ip('router', `rule add iif client to ${clients} lookup main priority 90`);
    await this.#ip('router', `rule add from ${this.address} lookup ${blackhole} priority 91`);
  }

  /** Ends `deafen`. */
  async hear(): Promise<void> {
    await this.#ip('router', 'rule delete priority 90');
    await this.#ip('router', 'rule delete priority 91');
  }

  /** Discards all packets of these connections, which the client opened from these ports. */
  async drop(ports: readonly number[]): Promise<void> {
    for (const port of ports) {
      await this.#ip('router', `rule add ipproto tcp sport ${port} lookup ${blackhole} priority 100`);
      await this.#ip('router', `rule add ipproto tcp dport ${port} lookup ${blackhole} priority 100`);
    }
    this.#dropped.push(...ports);
  }

  /** Ends `drop`. */
  async pass(): Promise<void> {
    for (const _ of this.#dropped) {
      await this.#ip('router', 'rule delete priority 100');
      await this.#ip('router', 'rule delete priority 100');
    }
    this.#dropped = [];
  }

  /** Stop the programs in it first. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#namespaces).map((namespace) => namespace.close()));
  }

  async #configure(): Promise<void> {
    for (const member of ['router', 'client', 'one', 'two'] as const)
      await this.#ip(member, 'link set lo up');
    await this.#connect('client', '10.78.1');
    for (const host of ['one', 'two'] as const) {
      await this.#connect(host, hosts[host]);
      await this.#ip(host, `address add ${this.address}/32 dev lo`);
    }
    const forward =
      'echo 1 >/proc/sys/net/ipv4/ip_forward; for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done';
    await this.#namespaces.router.run('sh', '-c', forward);
    await this.#ip('router', `route add blackhole default table ${blackhole}`);
    await this.moveTo('one');
  }

  /** The router is `.1`, the other side `.2`. */
  async #connect(member: 'client' | Host, subnet: string): Promise<void> {
    const { router, [member]: namespace } = this.#namespaces;
    await connect({ namespace: router, name: member }, { namespace, name: 'uplink' });
    await this.#ip('router', `address add ${subnet}.1/24 dev ${member}`);
    await this.#ip(member, `address add ${subnet}.2/24 dev uplink`);
    await this.#ip(member, `route add default via ${subnet}.1`);
  }

  async #ip(member: Member, command: string): Promise<void> {
    await this.#namespaces[member].run('ip', ...command.split(' '));
  }
}

export type Host = keyof typeof hosts;
type Member = 'router' | 'client' | Host;

const hosts = { one: '10.78.2', two: '10.78.3' } as const;
const clients = '10.78.1.0/24';
/** A routing table without a way. */
const blackhole = 100;
