/** Dead connections that the kernel notices, in network namespaces. No fault ends a connection as a program would. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Child, startChild } from '../controlplane/process.ts';
import { eventually } from '../e2e/eventually.ts';
import { TestNetwork } from './namespaces.ts';

const missing = TestNetwork.missing();
const port = 6_443;

interface Fixture {
  readonly network: TestNetwork;
  /** Waits until the client has written a line after the lines that were waited for before. */
  wrote(line: RegExp): Promise<void>;
}

async function withNetwork(body: (fixture: Fixture) => Promise<void>): Promise<void> {
  const network = new TestNetwork();
  const children: Child[] = [];
  let output = '';
  const start = (namespace: 'client' | 'one' | 'two', file: string, ...args: string[]): Child => {
    const [program = '', ...prefix] = network.command(namespace);
    const command = [...prefix, process.execPath, join(import.meta.dirname, file), ...args];
    const onOutput = (text: string): void => {
      if (namespace === 'client') output += text;
    };
    const child = startChild(program, command, { onOutput });
    children.push(child);
    return child;
  };
  const wrote = (line: RegExp): Promise<void> =>
    eventually(async () => {
      const found = line.exec(output);
      assert.ok(found, `${line}\n${children.map((child) => child.output()).join('\n')}`);
      output = output.slice(found.index + found[0].length);
    });
  try {
    for (const host of ['one', 'two'] as const) {
      const server = start(host, 'server.ts', host, String(port));
      await eventually(async () => assert.match(server.output(), /listening/));
    }
    start('client', 'client.ts', `http://${network.address}:${port}`);
    await wrote(/listed one/);
    await body({ network, wrote });
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    network.remove();
  }
}

const options = { skip: missing ?? false, timeout: 120_000 };

test('the address moves to another host, which does not know the connections', options, () =>
  withNetwork(async ({ network, wrote }) => {
    network.moveTo('two');
    await wrote(/failing: .*ECONNRESET/);
    await wrote(/listed two/);
  }),
);

test('a host vanishes without a packet, and later another one has its address', options, () =>
  withNetwork(async ({ network, wrote }) => {
    network.isolate();
    await wrote(/failing: .*ETIMEDOUT/);
    network.moveTo('two');
    await wrote(/listed two/);
  }),
);

test('packets arrive, but the answers do not', options, () =>
  withNetwork(async ({ network, wrote }) => {
    network.deafen();
    await wrote(/failing: .*ETIMEDOUT/);
    network.hear();
    await wrote(/listed one/);
  }),
);
