import assert from 'node:assert/strict';
import type { AddressDetail, PageOverview, ServiceDetail } from '../../src/web/page-data.ts';
import { pageFiles } from '../../src/web/page-files.ts';
import { freePorts } from '../controlplane/process.ts';
import { eventually } from './eventually.ts';
import { assigned, loadBalancer } from './objects.ts';
import { scenarios } from './scenario.ts';

/** The web page of the built program. */

const scenario = scenarios('page');

async function get<T>(port: number, path: string): Promise<T> {
  return (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as T;
}

scenario(
  'each replica serves the same page with its own role, and a port in use is not fatal',
  async ({ cluster, start }) => {
    await cluster.pools({
      'range-default': '10.1.0.1-10.1.0.9',
      'exclude-default': '10.1.0.8-10.1.0.9',
      'reserve-default': 'db=10.1.0.7',
      'quota-default': '5',
    });
    await cluster.create(loadBalancer('default/web'));
    const ports = await freePorts(2);
    const [leader = 0, standby = 0] = ports;
    await start({ flags: [`--web-port=${leader}`] }).logs(/Serving the web page at http:\/\/127\.0\.0\.1:/);
    await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
    await start({ flags: [`--web-port=${standby}`] }).logs(/Running as standby/);
    for (const port of ports) {
      await eventually(async () => {
        const { service } = await get<ServiceDetail>(port, '/api/service/default/web');
        assert.deepEqual([service.state, service.addresses], ['Assigned', ['10.1.0.1']]);
      });
    }
    const { role, pools, quotas } = await get<PageOverview>(leader, '/api/overview');
    assert.equal(role, 'leader');
    assert.deepEqual(
      pools.map(({ key, size, used, free, notes }) => [key, size, used, free, notes]),
      [['range-default', '7', '1', '5', ['2 excluded', '1 reserved']]],
    );
    assert.deepEqual(
      quotas.map(({ namespace, used, limit }) => [namespace, used, limit]),
      [['default', 1, 5]],
    );
    const excluded = await get<AddressDetail>(leader, '/api/address/10.1.0.8');
    assert.equal(excluded.note, 'excluded by exclude-default');
    assert.equal((await get<PageOverview>(standby, '/api/overview')).role, 'standby');
    for (const [path, { text, type }] of Object.entries(pageFiles())) {
      const response = await fetch(`http://127.0.0.1:${leader}${path}`);
      assert.deepEqual([response.headers.get('content-type'), await response.text()], [type, text], path);
    }
    const third = start({ flags: [`--web-port=${leader}`] });
    await third.logs(
      /cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*Set --web-port to a free port, or to 0/,
    );
    await third.logs(/Running as standby/);
  },
);
