import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { missingPermission } from '../../test/network/network-namespace.ts';
import { type Host, TestNetwork } from '../../test/network/test-network.ts';
import { PartFailed } from '../part.ts';
import type { RelayCommand, RelayedConnection } from './relay.ts';

const port = 6_443;

/** A network between the controller and kube-apiserver, whose address two hosts can have. Everything goes on the stack. */
export class FailingNetwork {
  readonly network: TestNetwork;
  readonly #relays: Readonly<Record<Host, ChildProcess>>;

  static async start(stack: AsyncDisposableStack, folder: string, api: string): Promise<FailingNetwork> {
    const denied = missingPermission();
    if (denied !== undefined) throw new PartFailed(`network namespaces are not permitted: ${denied}`);
    const network = await TestNetwork.create();
    stack.defer(() => network.close());
    const socket = join(folder, 'apiserver.sock');
    const target = new URL(api);
    // Network namespaces share the file system.
    const bridge = createServer((from) => {
      const to = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
      from.pipe(to).pipe(from);
      from.on('error', () => to.destroy());
      to.on('error', () => from.destroy());
    }).listen(socket);
    await once(bridge, 'listening');
    stack.defer(() => void bridge.close());
    const relay = async (host: Host): Promise<ChildProcess> => {
      const file = join(import.meta.dirname, 'relay.ts');
      const [program, args] = network.at(host).command([process.execPath, file, String(port), socket]);
      const child = spawn(program, args, { stdio: ['ignore', 2, 2, 'ipc'] });
      stack.defer(() => void child.kill('SIGKILL'));
      await once(child, 'message');
      return child;
    };
    return new FailingNetwork(network, { one: await relay('one'), two: await relay('two') });
  }

  private constructor(network: TestNetwork, relays: Readonly<Record<Host, ChildProcess>>) {
    this.network = network;
    this.#relays = relays;
  }

  get url(): string {
    return `https://${this.network.address}:${port}`;
  }

  /** Resolves when the relay has obeyed. */
  async send(host: Host, command: RelayCommand): Promise<readonly RelayedConnection[]> {
    const relay = this.#relays[host];
    const answer = once(relay, 'message');
    relay.send(command);
    const [connections] = (await answer) as [readonly RelayedConnection[]];
    return connections;
  }
}
