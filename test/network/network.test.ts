/** Dead connections that the kernel notices, in network namespaces. No fault ends a connection as a program would. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Child } from '../controlplane/process.ts';
import { eventually } from '../e2e/eventually.ts';
import { missingPermission } from './network-namespace.ts';
import { TestNetwork } from './test-network.ts';

const denied = missingPermission();
const port = 6_443;

interface Fixture {
  readonly network: TestNetwork;
  /** Waits until the client has written a line after the lines that were waited for before. */
  wrote(line: RegExp): Promise<void>;
}

async function withNetwork(body: (fixture: Fixture) => Promise<void>): Promise<void> {
  const network = await TestNetwork.create();
  const children: Child[] = [];
  let output = '';
  const start = (namespace: 'client' | 'one' | 'two', file: string, ...args: string[]): Child => {
    const onOutput = (text: string): void => {
      if (namespace === 'client') output += text;
    };
    const command = [process.execPath, join(import.meta.dirname, file), ...args];
    const child = network.at(namespace).start(command, { onOutput });
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
    await network.close();
  }
}

const skip = denied === undefined ? false : `network namespaces are not permitted: ${denied}`;
const options = { skip, timeout: 120_000 };

test('the address moves to another host, which does not know the connections', options, () =>
  withNetwork(async ({ network, wrote }) => {
    await network.moveTo('two');
    await wrote(/failing: .*ECONNRESET/);
    await wrote(/listed two/);
  }),
);

test('a host vanishes without a packet, and later another one has its address', options, () =>
  withNetwork(async ({ network, wrote }) => {
    await network.isolate();
    await wrote(/failing: .*ETIMEDOUT/);
    await network.moveTo('two');
    await wrote(/listed two/);
  }),
);

test('packets arrive, but the answers do not', options, () =>
  withNetwork(async ({ network, wrote }) => {
    await network.deafen();
    await wrote(/failing: .*ETIMEDOUT/);
    await network.hear();
    await wrote(/listed one/);
  }),
);
