import type { Child } from '../controlplane/process.ts';
import { connect, execute, NetworkNamespace } from '../network/network-namespace.ts';

/** The interface of each node on the local network, on which kube-vip announces. */
export const lanInterface = 'eth0';

/** A machine on a local network, in a namespace of its own, with a second interface that leads to the test process. */
export interface Machine {
  name: string;
  namespace: NetworkNamespace;
  ipv4: string;
  ipv6: string;
  /** The address of the test process, as this machine reaches it. */
  host: string;
}

/** A switch with machines: 192.168.77.0/24 and fd00:77::/64. The switch itself has the first address of each. */
export class Lan {
  readonly switch: NetworkNamespace;
  readonly #machines: Machine[] = [];

  static async create(): Promise<Lan> {
    const namespace = await NetworkNamespace.create();
    await namespace.run('ip', 'link', 'set', 'lo', 'up');
    await namespace.run('ip', 'link', 'add', 'name', 'br0', 'type', 'bridge');
    await namespace.run('ip', 'link', 'set', 'br0', 'up');
    await addAddresses(namespace, 'br0', '192.168.77.1', 'fd00:77::1');
    return new Lan(namespace);
  }

  private constructor(namespace: NetworkNamespace) {
    this.switch = namespace;
  }

  async join(name: string): Promise<Machine> {
    const n = this.#machines.length + 2;
    const namespace = await NetworkNamespace.create();
    const machine = { name, namespace, ipv4: `192.168.77.${n}`, ipv6: `fd00:77::${n}`, host: '' };
    this.#machines.push(machine);
    await namespace.run('ip', 'link', 'set', 'lo', 'up');
    const port = `port${n}`;
    await connect({ namespace, name: lanInterface }, { namespace: this.switch, name: port });
    await this.switch.run('ip', 'link', 'set', port, 'master', 'br0');
    await addAddresses(namespace, lanInterface, machine.ipv4, machine.ipv6);
    machine.host = await connectToHost(namespace, n);
    return machine;
  }

  /** Requests a URL from the switch, as any client on the network would. Returns the body. */
  fetch(url: string): Promise<string> {
    const program = `fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(5000) })
      .then((response) => response.text()).then((text) => process.stdout.write(text))`;
    return this.switch.run(process.execPath, '--eval', program);
  }

  async close(): Promise<void> {
    for (const { namespace } of this.#machines) await namespace.close();
    await this.switch.close();
  }
}

/** Starts a web server that stands for the Pods behind a port. It answers with the name of the machine and the port. */
export function startWebServer({ name, namespace }: Machine, port: number): Child {
  const server = `require('node:http').createServer((request, response) => response.end(process.argv[1]))`;
  return namespace.start([process.execPath, '--eval', `${server}.listen(${port}, '::')`, `${name}:${port}`]);
}

/** Duplicate address detection would keep the machine's own address from being used for a second or two. */
async function addAddresses(
  namespace: NetworkNamespace,
  device: string,
  ipv4: string,
  ipv6: string,
): Promise<void> {
  await namespace.run('ip', 'addr', 'add', `${ipv4}/24`, 'dev', device);
  await namespace.run('ip', 'addr', 'add', `${ipv6}/64`, 'dev', device, 'nodad');
}

/**
 * Connects a namespace to that of the test process, and returns the address of the latter. Each pair is a /30 of
 * 198.18.0.0/15, which is reserved for tests (RFC 2544). Test files run at the same time, so the process ID is part of it.
 */
async function connectToHost(namespace: NetworkNamespace, n: number): Promise<string> {
  const pair = ((process.pid * 8 + n) % 0x8000) * 4;
  const address = (offset: number): string => {
    const low = pair + offset;
    return `198.${18 + (low >> 16)}.${(low >> 8) & 0xff}.${low & 0xff}`;
  };
  const name = `kvcp${pair}`;
  await connect({ name }, { namespace, name: 'host' });
  await execute('ip', ['addr', 'add', `${address(1)}/30`, 'dev', name]);
  await namespace.run('ip', 'addr', 'add', `${address(2)}/30`, 'dev', 'host');
  return address(1);
}
