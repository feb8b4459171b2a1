/**
 * A TCP relay in a network namespace, from its port to a Unix socket. Its parent sends commands: it lists, holds and resets
 * connections. A held connection stays open and carries nothing, as behind a proxy that has lost the other side.
 */
import { connect, createServer, type Socket } from 'node:net';

export type RelayCommand =
  | { readonly do: 'list' }
  | { readonly do: 'hold'; readonly ports: readonly number[] }
  | { readonly do: 'reset' }
  /** New connections are accepted and held. */
  | { readonly do: 'silence'; readonly isSilent: boolean };

/** A connection by the port of its client. */
export interface RelayedConnection {
  readonly port: number;
  /** Milliseconds since the client sent something. */
  readonly quietMs: number;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  sentAt: number;
}

const [port = '', target = ''] = process.argv.slice(2);
const pairs = new Map<number, Pair>();
let isSilent = false;

const relay = createServer({ noDelay: true }, (client) => {
  const server = connect(target);
  const pair: Pair = { client, server, sentAt: performance.now() };
  const clientPort = client.remotePort ?? 0;
  pairs.set(clientPort, pair);
  client.on('data', () => {
    pair.sentAt = performance.now();
  });
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      to.destroy();
      pairs.delete(clientPort);
    });
  }
  if (isSilent) hold(pair);
});

function hold({ client, server }: Pair): void {
  for (const socket of [client, server]) {
    socket.unpipe();
    socket.removeAllListeners('data');
    socket.pause();
  }
}

process.on('message', (command: RelayCommand) => {
  switch (command.do) {
    case 'list': {
      const now = performance.now();
      const list = [...pairs].map(([port, { sentAt }]) => ({ port, quietMs: now - sentAt }));
      process.send?.(list satisfies RelayedConnection[]);
      return;
    }
    case 'hold':
      for (const port of command.ports) {
        const pair = pairs.get(port);
        if (pair !== undefined) hold(pair);
      }
      break;
    case 'reset':
      for (const { client } of pairs.values()) client.resetAndDestroy();
      break;
    case 'silence':
      isSilent = command.isSilent;
      break;
  }
  process.send?.([]);
});
process.once('disconnect', () => process.exit());
relay.listen(Number(port), () => process.send?.([]));
