import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/client/clock.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { createEmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { serve } from '../../src/embedded/server.ts';
import { serviceNamed } from '../controller/harness.ts';
import { feed, freePorts } from '../controlplane/process.ts';
import { eventually } from '../e2e/eventually.ts';

/** The controller as a process whose log cannot be written. */

const program = resolve(import.meta.dirname, '../../src/cmd/controller/main.ts');
const pools = {
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'kube-system', name: 'kubevip' } },
  data: { 'cidr-global': '10.0.0.0/28' },
};

/** Starts it, waits until a Service has its address, and returns the number of lost lines. It must end with 0. */
async function lostLines(start: (args: readonly string[]) => ChildProcess): Promise<number> {
  const api = createEmbeddedApi({ clock: systemClock, random: Math.random });
  api.load(pools);
  api.load(serviceNamed('default/web', {}));
  const server = await serve(api.transport);
  const [port = 0] = await freePorts(1);
  const flags = [
    `--master=${server.url}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--web-port=0',
  ];
  const child = start([program, ...flags, '-v=6']);
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  try {
    await eventually(() => {
      assert.equal(child.exitCode, null, 'it runs');
      const [service] = api.objects('services') as Service[];
      assert.equal(service?.spec?.loadBalancerIP, '10.0.0.1');
    });
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    child.kill('SIGTERM');
    assert.equal(await exited, 0);
    return Number(/^kube_vip_cloud_provider_log_lines_lost_total (\d+)$/m.exec(metrics)?.[1]);
  } finally {
    child.kill('SIGTERM');
    await exited;
    await server.close();
  }
}

test('standard error that its reader closed: the controller runs, and counts the lines', async () => {
  const lost = await lostLines((args) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr?.destroy();
    return child;
  });
  assert.ok(lost > 0);
});

const hasFullDevice = existsSync('/dev/full') ? {} : { skip: 'this system has no /dev/full' };

test('standard error on a full disk: the controller runs, and counts the lines', hasFullDevice, async () => {
  const full = openSync('/dev/full', 'w');
  const lost = await lostLines((args) =>
    spawn(process.execPath, args, { stdio: ['ignore', 'ignore', full] }),
  );
  assert.ok(lost > 0);
});

test('standard error that nobody reads: the controller runs and stops', async () => {
  const reader = spawn('sleep', ['3600'], { stdio: ['pipe', 'ignore', 'ignore'] });
  feed(reader, 'x'.repeat(1 << 22));
  try {
    const lost = await lostLines((args) =>
      spawn(process.execPath, args, { stdio: ['ignore', 'ignore', reader.stdin] }),
    );
    assert.equal(lost, 0, 'the first mebibyte waits in memory');
  } finally {
    reader.kill();
  }
});
