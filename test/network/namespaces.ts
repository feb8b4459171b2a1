import { spawnSync } from 'node:child_process';

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
  readonly #prefix: string;
  #dropped: number[] = [];

  /** Says why there can be no network; undefined if there can be. */
  static missing(): string | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0)
      return 'network namespaces need Linux and root';
    const name = `kvcp-${process.pid}-probe`;
    const { status } = spawnSync('ip', ['netns', 'add', name]);
    if (status !== 0) return '`ip netns add` fails here';
    spawnSync('ip', ['netns', 'delete', name]);
    return undefined;
  }

  constructor() {
    this.#prefix = `kvcp-${process.pid}`;
    try {
      this.#create();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** The command that runs a program in a namespace. */
  command(namespace: 'client' | Host): string[] {
    return ['ip', 'netns', 'exec', this.#name(namespace)];
  }

  /** Gives the address to a host. Connections to the other one are unknown there. */
  moveTo(host: Host): void {
    this.#ip('router', `route replace ${this.address} via ${hosts[host]}.2`);
  }

  /** Discards all packets to the address. */
  isolate(): void {
    this.#ip('router', `route replace blackhole ${this.address}`);
  }

  /** Discards all packets from the address. It still receives packets. */
  deafen(): void {
    this.#ip('router', `rule add iif client to ${clients} lookup main priority 90`);
    this.#ip('router', `rule add from ${this.address} lookup ${blackhole} priority 91`);
  }

  /** Ends `deafen`. */
  hear(): void {
    this.#ip('router', 'rule delete priority 90');
    this.#ip('router', 'rule delete priority 91');
  }

  /** Discards all packets of these connections, which the client opened from these ports. */
  drop(ports: readonly number[]): void {
    for (const port of ports) {
      this.#ip('router', `rule add ipproto tcp sport ${port} lookup ${blackhole} priority 100`);
      this.#ip('router', `rule add ipproto tcp dport ${port} lookup ${blackhole} priority 100`);
    }
    this.#dropped.push(...ports);
  }

  /** Ends `drop`. */
  pass(): void {
    for (const _ of this.#dropped) {
      this.#ip('router', 'rule delete priority 100');
      this.#ip('router', 'rule delete priority 100');
    }
    this.#dropped = [];
  }

  /** Stop the programs in it first. */
  remove(): void {
    for (const namespace of namespaces) spawnSync('ip', ['netns', 'delete', this.#name(namespace)]);
  }

  #create(): void {
    for (const namespace of namespaces) {
      run('ip', ['netns', 'add', this.#name(namespace)]);
      this.#ip(namespace, 'link set lo up');
    }
    this.#connect('client', '10.78.1');
    for (const host of ['one', 'two'] as const) {
      this.#connect(host, hosts[host]);
      this.#ip(host, `address add ${this.address}/32 dev lo`);
    }
    run('ip', [
      ...['netns', 'exec', this.#name('router'), 'sh', '-c'],
      'echo 1 >/proc/sys/net/ipv4/ip_forward; for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done',
    ]);
    this.#ip('router', `route add blackhole default table ${blackhole}`);
    this.moveTo('one');
  }

  /** The router is `.1`, the other side `.2`. */
  #connect(namespace: 'client' | Host, subnet: string): void {
    const peer = `peer name uplink netns ${this.#name(namespace)}`;
    this.#ip('router', `link add ${namespace} type veth ${peer}`);
    this.#ip('router', `address add ${subnet}.1/24 dev ${namespace}`);
    this.#ip('router', `link set ${namespace} up`);
    this.#ip(namespace, `address add ${subnet}.2/24 dev uplink`);
    this.#ip(namespace, 'link set uplink up');
    this.#ip(namespace, `route add default via ${subnet}.1`);
  }

  #ip(namespace: Namespace, command: string): void {
    run('ip', ['-n', this.#name(namespace), ...command.split(' ')]);
  }

  #name(namespace: Namespace): string {
    return `${this.#prefix}-${namespace}`;
  }
}

export type Host = keyof typeof hosts;

const hosts = { one: '10.78.2', two: '10.78.3' } as const;
const clients = '10.78.1.0/24';
const namespaces = ['router', 'client', 'one', 'two'] as const;
type Namespace = (typeof namespaces)[number];
/** A routing table without a way. */
const blackhole = 100;

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
