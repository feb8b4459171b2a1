import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { processMetrics } from '../../src/cmd/controller/process-metrics.ts';
import { controllerMetrics } from '../../src/controller/metrics.ts';
import { freePorts } from '../controlplane/process.ts';
import { promtool } from '../controlplane/promtool.ts';
import { eventually } from './eventually.ts';
import { assigned, loadBalancer, names } from './objects.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('metrics');

/** The series of a scrape: from `name{label="value"}` to the value. */
type Scrape = ReadonlyMap<string, number>;

class Target {
  readonly #url: string;
  readonly flags: readonly string[];

  static async find(): Promise<Target> {
    const [port = 0] = await freePorts(1);
    return new Target(port);
  }

  private constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}/metrics`;
    this.flags = [`--secure-port=${port}`];
  }

  async text(): Promise<string> {
    const response = await fetch(this.#url);
    assert.equal(response.status, 200);
    return response.text();
  }

  async scrape(): Promise<Scrape> {
    const lines = (await this.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => {
        const end = line.lastIndexOf(' ');
        return [line.slice(0, end).replace('kube_vip_cloud_provider_', ''), Number(line.slice(end + 1))];
      }),
    );
  }

  /** Waits until the series have these values; undefined means that the series does not exist. */
  shows(expected: Readonly<Record<string, number | undefined>>): Promise<Scrape> {
    return eventually(async () => {
      const scrape = await this.scrape();
      const shown = Object.fromEntries(Object.keys(expected).map((name) => [name, scrape.get(name)]));
      assert.deepEqual(shown, expected);
      return scrape;
    });
  }
}

/** Returns the problems that promtool reports. */
const lint = (text: string): Promise<string> => promtool(['check', 'metrics'], text);

const inPool = '{pool="range-default",family="IPv4"}';
const isFull = 'services_pending{pool="range-default",family="IPv4",reason="pool-full"}';

scenario(
  'the values follow a pool that fills up, a pending Service, a conflict and its end, and a pool that is replaced',
  async ({ cluster, start }) => {
    await cluster.pools({
      'range-default': '10.1.0.1-10.1.0.2',
      'cidr-six': '2001:db8::/64',
      'cidr-bad': 'x',
    });
    const target = await Target.find();
    start({ flags: target.flags });
    // From here on, changes arrive by watch.
    await eventually(async () => assert.ok((await target.scrape()).has(`pool_size_addresses${inPool}`)));
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      await cluster.create(loadBalancer(`default/${name}`));
      if (index < 2)
        await cluster.becomes(`default/${name}`, assigned(`10.1.0.${index + 1}`, 'range-default'));
    }
    const full = await target.shows({
      [`pool_size_addresses${inPool}`]: 2,
      [`pool_used_addresses${inPool}`]: 2,
      [`pool_free_addresses${inPool}`]: 0,
      'pool_free_addresses{pool="cidr-six",family="IPv6"}': 2 ** 64 - 1,
      'services{state="assigned"}': 2,
      'services{state="pending"}': 1,
      [isFull]: 1,
      'assignments_total{cause="allocate"}': 2,
      'assignments_total{cause="restore"}': 0,
      time_to_address_seconds_count: 2,
      'time_to_address_seconds_bucket{le="+Inf"}': 2,
      address_conflicts: 0,
      'config_problems{code="bad-entry"}': 1,
      'config_problems{code="empty-pool"}': 0,
      'config_problems{code="shadowed"}': 0,
      'leader_election_master_status{name="kube-vip-cloud-controller"}': 1,
      'rest_client_requests_total{code="200",method="PATCH"}': 2,
      'rest_client_request_duration_seconds_count{verb="PATCH"}': 2,
      events_dropped_total: 0,
    });
    assert.ok((full.get('process_resident_memory_bytes') ?? 0) > 2 ** 20);
    assert.ok((full.get('time_to_address_seconds_sum') ?? 0) > 0);
    assert.match(
      [...full.keys()].join('\n'),
      /^build_info\{version="0\.0\.0-e2e",nodejs="v\d+\.\d+\.\d+"\}$/m,
    );
    // The pending Service has been pending since its creation.
    await cluster.remove('default/a');
    await cluster.becomes('default/c', assigned('10.1.0.1', 'range-default'));
    await target.shows({
      [isFull]: undefined,
      'services{state="assigned"}': 2,
      'services{state="pending"}': 0,
      'assignments_total{cause="allocate"}': 3,
      time_to_address_seconds_count: 3,
    });
    // Two contenders for one address count as one address in conflict.
    const annotations = { [names.addresses]: '10.1.0.2' };
    await cluster.create(loadBalancer('shop/d', { annotations }));
    await cluster.create(loadBalancer('shop/e', { annotations }));
    await cluster.create(loadBalancer('shop/f', { annotations: { [names.addresses]: '10.1.0.2/32' } }));
    await target.shows({
      address_conflicts: 1,
      'services{state="conflict"}': 3,
      'services_in_conflict{reason="address-in-use"}': 2,
      'services_in_conflict{reason="invalid-address"}': 1,
    });
    await cluster.remove('shop/d');
    await target.shows({ address_conflicts: 1, 'services_in_conflict{reason="address-in-use"}': 1 });
    await cluster.annotate('shop/e', { [names.addresses]: '192.168.7.7' });
    await target.shows({
      address_conflicts: 0,
      'services_in_conflict{reason="address-in-use"}': 0,
      'services{state="assigned"}': 3,
      'assignments_total{cause="mark-static"}': 1,
      // A static address has no allocation latency.
      time_to_address_seconds_count: 3,
    });
    await cluster.pools({ 'range-default': '10.2.0.1-10.2.0.9' });
    await target.shows({
      addresses_outside_pool: 2,
      [`pool_used_addresses${inPool}`]: 0,
      [`pool_size_addresses${inPool}`]: 9,
      'config_problems{code="bad-entry"}': 0,
      'pool_free_addresses{pool="cidr-six",family="IPv6"}': undefined,
    });
    await cluster.patch('default/b', { spec: { type: 'ClusterIP' } });
    await target.shows({ addresses_outside_pool: 1, releases_total: 1, 'services{state="assigned"}': 2 });
    await cluster.pools(null);
    await cluster.create(loadBalancer('default/g'));
    await target.shows({ 'services_pending{pool="",family="",reason="no-config-map"}': 1 });
  },
);

scenario(
  'only the leader has series about pools and Services; a standby has its own series, and the others when it leads',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.2' });
    const [one, two] = [await Target.find(), await Target.find()];
    const first = start({ flags: one.flags });
    await first.logs(/^Became leader$/);
    const second = start({ flags: two.flags });
    await second.logs(/Running as standby/);
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
    const leader = 'leader_election_master_status{name="kube-vip-cloud-controller"}';
    const clusterSeries = {
      [`pool_used_addresses${inPool}`]: 1,
      'services{state="assigned"}': 1,
      address_conflicts: 0,
    };
    await one.shows({ [leader]: 1, ...clusterSeries, 'assignments_total{cause="allocate"}': 1 });
    const noSeries = Object.fromEntries(Object.keys(clusterSeries).map((name) => [name, undefined]));
    await two.shows({ [leader]: 0, ...noSeries, 'assignments_total{cause="allocate"}': 0 });
    await first.terminate();
    await two.shows({ [leader]: 1, ...clusterSeries, 'assignments_total{cause="allocate"}': 0 });
  },
);

scenario(
  'if the API server is down, the metrics show failed requests and broken watches',
  async ({ cluster, start }) => {
    const target = await Target.find();
    const controller = start({ flags: target.flags });
    await controller.logs(/^Became leader$/);
    const requests = async (code: string): Promise<number> =>
      (await target.scrape()).get(`rest_client_requests_total{code="${code}",method="GET"}`) ?? 0;
    assert.equal(await requests('<error>'), 0);
    await cluster.server.signal('KILL');
    await eventually(async () => assert.ok((await requests('<error>')) > 0));
    await eventually(async () => {
      const scrape = await target.scrape();
      assert.ok((scrape.get('watch_failures_total{watch="services"}') ?? 0) > 0);
      assert.ok((scrape.get('watch_failures_total{watch="configmap"}') ?? 0) > 0);
    });
    await cluster.server.restart();
  },
);

scenario('promtool reports no problem, and every documented metric exists', async ({ cluster, start }) => {
  await cluster.pools({
    'cidr-default': '10.1.0.1/32',
    'quota-global': '9',
    'range-six': '2001:db8::1-2001:db8::9',
  });
  const target = await Target.find();
  start({ flags: target.flags });
  await cluster.create(loadBalancer('default/a'));
  await cluster.becomes('default/a', assigned('10.1.0.1', 'cidr-default'));
  await cluster.create(loadBalancer('default/b'));
  await cluster.warns('default/b', /is full/);
  const scraped = await eventually(async () => {
    const text = await target.text();
    assert.match(text, /services_pending\{/);
    return text;
  });
  const listed = [...scraped.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
  const proc = Object.keys(processMetrics).filter(
    (name) => name !== 'process_open_fds' || existsSync('/proc'),
  );
  assert.deepEqual(listed, [...Object.keys(controllerMetrics), ...proc]);
  assert.equal(await lint(scraped), '');
  assert.match(await lint('a_gauge 1\n'), /exit 3/);
});
