import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../../src/client/api.ts';
import { systemClock } from '../../../src/client/clock.ts';
import { readApiServers } from '../../../src/cmd/kubectl-vip/control-plane.ts';
import { respond } from '../../controller/harness.ts';

/** A cluster without EndpointSlices, whose server has this name. */
async function read(server: string, lookup: (host: string) => Promise<readonly string[]>) {
  const api = createApi(async () => respond(404, { kind: 'Status', message: 'not found' }), {
    ...{ userAgent: 'test', fieldManager: 'test', clock: systemClock },
  });
  const flags = { deployment: undefined, configMap: undefined, class: undefined, controller: undefined };
  const remarks: string[] = [];
  const { signal } = new AbortController();
  const found = await readApiServers({ api, flags, wallMs: 0, signal, server, lookup }, remarks);
  return { found, remarks: remarks.filter((remark) => !remark.includes('not found')) };
}

test('the name of the API server is resolved: its virtual IP may be in a pool', async () => {
  const lookup = async (host: string) => (host === 'api.example.com' ? ['10.0.0.2', 'fd00::2'] : []);
  const source = 'api.example.com in the kubeconfig';
  assert.deepEqual(await read('https://api.example.com:6443', lookup), {
    found: [
      { source, address: '10.0.0.2' },
      { source, address: 'fd00::2' },
    ],
    remarks: [],
  });
});

test('an address is not resolved', async () => {
  const lookup = async () => assert.fail('not asked');
  const { found } = await read('https://[fd00::2]:6443', lookup);
  assert.deepEqual(found, [{ source: 'the kubeconfig', address: 'fd00::2' }]);
});

test('a name of this machine is one end of a tunnel', async () => {
  const { found, remarks } = await read('https://localhost:6443', async () => ['127.0.0.1', '::1']);
  assert.deepEqual([found, remarks], [undefined, []]);
});

test('a name that cannot be resolved leaves a remark', async () => {
  const { found, remarks } = await read('https://api.example.com', async () => {
    throw new Error('getaddrinfo ENOTFOUND api.example.com');
  });
  assert.equal(found, undefined);
  assert.deepEqual(remarks, [
    'Skipped: pools are not compared with the addresses of api.example.com, the API server in the kubeconfig: getaddrinfo ENOTFOUND api.example.com',
  ]);
});
