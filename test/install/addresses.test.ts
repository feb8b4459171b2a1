import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readConfig } from '../../src/core/config/config.ts';
import { bits, formatAddress, isUnspecified, readAddress } from '../../src/core/ip/address.ts';
import { rangesContain } from '../../src/core/ip/range.ts';
import { addressesOf, parseAddressList } from '../../src/core/model/address-list.ts';
import { poolFor } from '../core/listed.ts';
import { eventually } from '../e2e/eventually.ts';
import { loadBalancer, type ServiceOverrides } from '../e2e/objects.ts';
import { anyValid, type Data } from './admission-pools.ts';
import { onCluster } from './on-cluster.ts';
import {
  allowUser,
  apply,
  asUser,
  fileOf,
  pools,
  rejectionMessage,
  rejectionOf,
  rejectionOfPatch,
  showsRejection,
  user,
} from './static-addresses.ts';

/** Tests deploy/admission/addresses.yaml on kube-apiserver, as a user who can edit Services in every namespace. */

const onServer = onCluster('install-addresses');
const addresses = 'kube-vip.io/loadbalancerIPs';
const annotated = (value: string): ServiceOverrides => ({ annotations: { [addresses]: value } });

const data = {
  'cidr-shop': '192.168.0.216/29, 2001:db8::10/124',
  'range-shop': '10.9.9.9',
  'range-office': '10.0.0.10 - 10.0.0.20,\n10.0.0.30,2001:db8:1::a-2001:db8:1::1:b',
  'cidr-lease': '0.0.0.0/32',
  'cidr-lease6': ':: - 0:0::',
  'cidr-wide': '0.0.0.0/0,::/0',
  'cidr-faulty': '10.7.0.0/24-10.7.0.9, 010.7.1.0/24, 10.7.2.9-10.7.2.1, 10.7.3.1-::1, nonsense, 10.7.4.4',
  'cidr-empty': '',
  'range-global': '172.16.0.0/30',
};
const namespaces = ['shop', 'office', 'lease', 'lease6', 'wide', 'faulty', 'empty', 'other'];

let prepared: Promise<void> | undefined;

const policyTest: typeof onServer = (title, body) =>
  onServer(title, async (cluster) => {
    prepared ??= (async () => {
      await allowUser(cluster);
      for (const namespace of namespaces) await cluster.namespace(namespace);
      await cluster.pools({ 'cidr-global': '192.0.2.1' });
      await apply(cluster, 'addresses');
      await pools(cluster, data);
    })();
    await prepared;
    await body(cluster);
  });

const outside = (address: string, key: string, namespace: string) =>
  `${address} is not in ${key}, the pool for namespace ${namespace}. Request an address in that pool, or request none to have one allocated.`;
const unreadable = (text: string) =>
  `"${text}" is neither a hostname nor an IP address in standard notation.`;

/** Requests of a user in a namespace, and the message of the rejection; undefined if accepted. */
const table: readonly (readonly [namespace: string, requested: string, message: string | undefined])[] = [
  ['shop', '192.168.0.217', undefined],
  ['shop', '192.168.0.216', undefined],
  ['shop', '192.168.0.223', undefined],
  ['shop', '192.168.0.215', outside('192.168.0.215', 'cidr-shop', 'shop')],
  ['shop', '192.168.0.224', outside('192.168.0.224', 'cidr-shop', 'shop')],
  ['shop', '2001:db8::1f', undefined],
  ['shop', '2001:db8::20', outside('2001:db8::20', 'cidr-shop', 'shop')],
  ['shop', '192.168.0.217,2001:db8::11', undefined],
  ['shop', '192.168.0.217,2001:db8::9', outside('2001:db8::9', 'cidr-shop', 'shop')],
  ['shop', '10.9.9.9', outside('10.9.9.9', 'cidr-shop', 'shop')],
  ['shop', '172.16.0.1', outside('172.16.0.1', 'cidr-shop', 'shop')],
  ['office', '10.0.0.10', undefined],
  ['office', '10.0.0.20', undefined],
  ['office', '10.0.0.30', undefined],
  ['office', '10.0.0.9', outside('10.0.0.9', 'range-office', 'office')],
  ['office', '10.0.0.21', outside('10.0.0.21', 'range-office', 'office')],
  // Compared as text, 10.0.0.100 would be inside.
  ['office', '10.0.0.100', outside('10.0.0.100', 'range-office', 'office')],
  ['office', '2001:db8:1::b', undefined],
  ['office', '2001:db8:1::9', outside('2001:db8:1::9', 'range-office', 'office')],
  ['office', '2001:db8:1::1:c', outside('2001:db8:1::1:c', 'range-office', 'office')],
  ['other', '172.16.0.2', undefined],
  ['other', '192.168.0.217', outside('192.168.0.217', 'range-global', 'other')],
  ['lease', '0.0.0.0', undefined],
  ['lease', '::', outside('::', 'cidr-lease', 'lease')],
  ['lease', '192.168.0.217', outside('192.168.0.217', 'cidr-lease', 'lease')],
  ['lease6', '::', undefined],
  ['lease6', '0.0.0.0', outside('0.0.0.0', 'cidr-lease6', 'lease6')],
  // A block that starts at 0.0.0.0 does not permit DHCP.
  ['wide', '0.0.0.0', outside('0.0.0.0', 'cidr-wide', 'wide')],
  ['wide', '203.0.113.200', undefined],
  ['shop', '0.0.0.0', outside('0.0.0.0', 'cidr-shop', 'shop')],
  ['faulty', '10.7.4.4', undefined],
  ['faulty', '10.7.0.1', outside('10.7.0.1', 'cidr-faulty', 'faulty')],
  ['faulty', '10.7.1.1', outside('10.7.1.1', 'cidr-faulty', 'faulty')],
  ['faulty', '10.7.2.5', outside('10.7.2.5', 'cidr-faulty', 'faulty')],
  ['faulty', '10.7.3.1', outside('10.7.3.1', 'cidr-faulty', 'faulty')],
  ['empty', '172.16.0.1', outside('172.16.0.1', 'cidr-empty', 'empty')],
  ['shop', 'web.example.com', undefined],
  ['shop', 'web.example.com.,WEB', undefined],
  ['shop', '', undefined],
  ['shop', ' , ', undefined],
  // Another notation for an address in another namespace's pool.
  ['shop', '\t10.0.0.10 \n', outside('10.0.0.10', 'cidr-shop', 'shop')],
  ['shop', '2001:DB8:1::B', outside('2001:db8:1::b', 'cidr-shop', 'shop')],
  ['shop', '2001:0db8:0001:0:0:0:0:000b', outside('2001:db8:1::b', 'cidr-shop', 'shop')],
  ['shop', ',192.168.0.217,,10.0.0.10', outside('10.0.0.10', 'cidr-shop', 'shop')],
  ['shop', '::ffff:10.0.0.10', unreadable('::ffff:10.0.0.10')],
  ['shop', '::FFFF:a00:a', unreadable('::FFFF:a00:a')],
  ['shop', '::10.0.0.10', outside('::a00:a', 'cidr-shop', 'shop')],
  ['shop', '010.0.0.10', unreadable('010.0.0.10')],
  ['shop', '10.0.0.010', unreadable('10.0.0.010')],
  ['shop', '10.0.10', unreadable('10.0.10')],
  ['shop', '167772170', unreadable('167772170')],
  ['shop', '0x0a00000a', unreadable('0x0a00000a')],
  ['shop', '0xa.0.0.0xa', unreadable('0xa.0.0.0xa')],
  ['shop', '10.0.0.10.', unreadable('10.0.0.10.')],
  ['shop', '10.0.0.10/32', unreadable('10.0.0.10/32')],
  ['shop', '10.0.0.10-10.0.0.11', unreadable('10.0.0.10-10.0.0.11')],
  ['shop', '10.0.0.10;192.168.0.217', unreadable('10.0.0.10;192.168.0.217')],
  ['shop', '10.0.0.10 192.168.0.217', unreadable('10.0.0.10 192.168.0.217')],
  ['shop', '[2001:db8:1::b]', unreadable('[2001:db8:1::b]')],
  ['shop', 'fe80::1%eth0', unreadable('fe80::1%eth0')],
  ['shop', '\ufeff10.0.0.10', unreadable('10.0.0.10')],
  ['shop', '10\u200b.0.0.10', unreadable('10 .0.0.10')],
  ['shop', '10。0。0。10', unreadable('10。0。0。10')],
  ['shop', '１０.0.0.10', unreadable('１０.0.0.10')],
  ['shop', '\u001b[2J', unreadable('[2J')],
  ['shop', `${'y'.repeat(70)}!\u0007${'y'.repeat(70)}`, unreadable(`${'y'.repeat(70)}! ${'y'.repeat(8)}…`)],
  [
    'shop',
    `${'192.168.0.217,'.repeat(16)}10.0.0.10`,
    'More than 16 addresses are requested. A Service can have only one per IP family.',
  ],
  [
    'shop',
    `10.0.0.10${' '.repeat(200_000)}`,
    'More than 16 addresses are requested. A Service can have only one per IP family.',
  ],
];

policyTest('a user can request only permitted addresses, in either field', async (cluster) => {
  for (const [namespace, requested, message] of table) {
    const key = `${namespace}/web`;
    const title = `${namespace} requests ${JSON.stringify(requested.slice(0, 80))}`;
    assert.equal(await rejectionOf(cluster, 'addresses', key, annotated(requested)), message, title);
    assert.equal(await rejectionOf(cluster, 'addresses', key, { loadBalancerIP: requested }), message, title);
  }
});

policyTest('docs/admission.md shows the output of kubectl', (cluster) =>
  showsRejection(cluster, /\$ kubectl (annotate .*?)\n(.*?)\n```/s),
);

policyTest('a forbidden address is rejected even if the other field has a permitted one', async (cluster) => {
  const rejection = outside('10.0.0.10', 'cidr-shop', 'shop');
  const inside = '192.168.0.217';
  const both = (annotation: string, loadBalancerIP: string) =>
    rejectionOf(cluster, 'addresses', 'shop/web', { ...annotated(annotation), loadBalancerIP });
  assert.equal(await both(inside, '10.0.0.10'), rejection);
  assert.equal(await both('10.0.0.10', inside), rejection);
  assert.equal(await both(inside, inside), undefined);
});

policyTest('new addresses are checked, and existing ones are not', async (cluster) => {
  // Administrators are exempt.
  await cluster.create(loadBalancer('shop/old', { ...annotated('10.99.0.1'), loadBalancerIP: '10.99.0.1' }));
  const change = (patch: object) => rejectionOfPatch(cluster, 'addresses', 'shop/old', patch);
  const annotate = (value: string | null) => change({ metadata: { annotations: { [addresses]: value } } });
  assert.equal(await change({ metadata: { labels: { tier: 'web' } } }), undefined);
  assert.equal(await change({ spec: { ports: [{ port: 81 }] } }), undefined);
  assert.equal(await annotate('10.99.0.1,2001:db8::11'), undefined);
  assert.equal(await annotate(null), undefined);
  assert.equal(await change({ spec: { loadBalancerIP: null } }), undefined);
  assert.equal(await change({ spec: { type: 'ClusterIP' } }), undefined);
  assert.equal(await annotate('10.99.0.2'), outside('10.99.0.2', 'cidr-shop', 'shop'));
  assert.equal(await annotate('10.99.0.1,10.99.0.2'), outside('10.99.0.2', 'cidr-shop', 'shop'));
  assert.equal(
    await change({ spec: { loadBalancerIP: '10.99.0.2' } }),
    outside('10.99.0.2', 'cidr-shop', 'shop'),
  );
});

policyTest(
  'an address on a Service of another type is checked when the type changes to LoadBalancer',
  async (cluster) => {
    const { spec, metadata } = loadBalancer('shop/inner', annotated('10.99.0.1'));
    const path = '/api/v1/namespaces/shop/services';
    const made = await cluster.client.post(path, { metadata, spec: { ...spec, type: 'ClusterIP' } }, asUser);
    assert.equal(made.status, 201);
    assert.equal(
      await rejectionOfPatch(cluster, 'addresses', 'shop/inner', { spec: { type: 'LoadBalancer' } }),
      outside('10.99.0.1', 'cidr-shop', 'shop'),
    );
  },
);

policyTest(
  'Services of another class and ignored Services are checked, because they block addresses',
  async (cluster) => {
    const rejection = outside('10.99.0.1', 'cidr-shop', 'shop');
    const request = (overrides: ServiceOverrides) =>
      rejectionOf(cluster, 'addresses', 'shop/web', { loadBalancerIP: '10.99.0.1', ...overrides });
    assert.equal(await request({ loadBalancerClass: 'example.com/other' }), rejection);
    assert.equal(await request({ annotations: { 'kube-vip.io/ignore': 'true' } }), rejection);
  },
);

policyTest('server-side apply, update and patch are checked in the same way', async (cluster) => {
  await cluster.create(loadBalancer('shop/ways'));
  const path = '/api/v1/namespaces/shop/services/ways';
  const { body } = await cluster.client.get(path);
  const rejection = outside('10.99.0.1', 'cidr-shop', 'shop');
  const wanted = { ...body, metadata: { ...body.metadata, annotations: { [addresses]: '10.99.0.1' } } };
  const put = await cluster.client.put(path, wanted, asUser);
  assert.equal(rejectionMessage('addresses', put), rejection);
  const applied = await cluster.client.patch(
    `${path}?fieldManager=alice&force=true`,
    loadBalancer('shop/ways', annotated('10.99.0.1')),
    { ...asUser, 'content-type': 'application/apply-patch+yaml' },
  );
  assert.equal(rejectionMessage('addresses', applied), rejection);
  const listed = await cluster.client.patch(
    path,
    [{ op: 'add', path: '/spec/loadBalancerIP', value: '10.99.0.1' }],
    { ...asUser, 'content-type': 'application/json-patch+json' },
  );
  assert.equal(rejectionMessage('addresses', listed), rejection);
});

policyTest('only the users that the policy names may set any address', async (cluster) => {
  const placed = (headers: Record<string, string>) =>
    rejectionOf(cluster, 'addresses', 'shop/web', annotated('10.99.0.1'), headers);
  const account = (name: string) => ({ 'impersonate-user': `system:serviceaccount:${name}` });
  for (const name of [
    'kube-vip-cloud-controller',
    'kube-vip-cloud-provider',
    'kube-vip',
    'default',
    'deployer',
  ]) {
    const binding = [
      'create',
      'clusterrolebinding',
      `edit-${name}`,
      '--clusterrole',
      'system:aggregate-to-edit',
    ];
    await cluster.kubectl([
      ...binding,
      `--serviceaccount=kube-system:${name}`,
      `--serviceaccount=shop:${name}`,
    ]);
  }
  const exempt = [
    account('kube-system:kube-vip-cloud-controller'),
    account('kube-system:kube-vip-cloud-provider'),
    account('kube-system:kube-vip'),
    {},
    { ...asUser, 'impersonate-group': 'kubeadm:cluster-admins' },
  ];
  for (const headers of exempt) assert.equal(await placed(headers), undefined, JSON.stringify(headers));
  const restricted = [
    asUser,
    account('kube-system:default'),
    account('shop:kube-vip'),
    account('shop:kube-vip-cloud-controller'),
    account('kube-system:deployer'),
  ];
  for (const headers of restricted) assert.ok(await placed(headers), JSON.stringify(headers));
});

policyTest('the status is not checked, because users cannot write it', async (cluster) => {
  await cluster.create(loadBalancer('shop/status'));
  const path = '/api/v1/namespaces/shop/services/status/status';
  const patch = { status: { loadBalancer: { ingress: [{ ip: '10.99.0.1' }] } } };
  assert.equal((await cluster.client.patch(path, patch, asUser)).status, 403, `${user} may not`);
  assert.equal((await cluster.client.patch(path, patch)).status, 200);
});

policyTest(
  'a change to the pool applies to the next request; without a pool, no address can be requested',
  async (cluster) => {
    const ask = () => rejectionOf(cluster, 'addresses', 'shop/web', annotated('192.168.0.217'));
    await pools(cluster, { 'cidr-shop': '10.1.0.0/24' });
    assert.equal(await ask(), outside('192.168.0.217', 'cidr-shop', 'shop'));
    await pools(cluster, { 'cidr-office': '192.168.0.0/24' });
    assert.equal(await ask(), '192.168.0.217 cannot be requested: there is no pool for namespace shop.');
    assert.equal(
      await rejectionOf(cluster, 'addresses', 'shop/web', annotated('web.example.com')),
      undefined,
    );
    await pools(cluster, data);
    assert.equal(await ask(), undefined);
  },
);

policyTest('lists of named pools, and reservations', async (cluster) => {
  await pools(cluster, {
    'pool.internal': '10.1.0.0/24',
    'pool.dmz': '10.2.0.1-10.2.0.9 # public\n2001:db8::/120',
    'pool.hidden': '10.3.0.1',
    'pools-shop': 'internal, dmz\nmissing, Hidden',
    'cidr-shop': '10.4.0.0/24',
    'pools-empty': '',
    'pools-global': 'hidden',
    'cidr-global': '10.5.0.0/24',
    'reserve-shop': 'web=10.1.0.7, db = 10.1.0.8\nweb=10.9.0.1',
    'reserve-office': 'web=10.1.0.9, bad, web=10.1.0.300, x=10.3.0.1',
  });
  const ask = (key: string, ips: string) => rejectionOf(cluster, 'addresses', key, annotated(ips));
  const unlisted = (address: string, key: string, namespace: string) =>
    `${address} is in no pool on ${key}, the pools for namespace ${namespace}. Request an address in one of them, or request none to have one allocated.`;
  const taken = (address: string) =>
    `${address} is reserved for another Service. Request another address, or request none to have one allocated.`;
  const rows: readonly (readonly [key: string, ips: string, message: string | undefined])[] = [
    ['shop/web', '10.1.0.1', undefined],
    ['shop/web', '10.1.0.1,2001:db8::5', undefined],
    ['shop/web', '10.2.0.1', unlisted('10.2.0.1', 'pools-shop', 'shop')],
    ['shop/web', '10.3.0.1', unlisted('10.3.0.1', 'pools-shop', 'shop')],
    ['shop/web', '10.4.0.1', unlisted('10.4.0.1', 'pools-shop', 'shop')],
    ['empty/web', '10.3.0.1', unlisted('10.3.0.1', 'pools-empty', 'empty')],
    ['other/web', '10.5.0.1', unlisted('10.5.0.1', 'pools-global', 'other')],
    ['other/web', '10.3.0.1', taken('10.3.0.1')],
    ['shop/web', '10.1.0.7,10.9.0.1', undefined],
    ['shop/api', '10.1.0.7', taken('10.1.0.7')],
    ['shop/web', '10.1.0.8', taken('10.1.0.8')],
    ['shop/db', '10.1.0.8', undefined],
    ['shop/web', '10.1.0.9', taken('10.1.0.9')],
    ['shop/api', '10.9.0.1', unlisted('10.9.0.1', 'pools-shop', 'shop')],
    ['office/web', '10.1.0.9', undefined],
  ];
  for (const [key, ips, message] of rows)
    assert.equal(await ask(key, ips), message, `${key} requests ${ips}`);
  await pools(cluster, { 'reserve-shop': 'web=10.9.0.1' });
  assert.equal(await ask('shop/web', '10.9.0.1'), undefined);
  assert.equal(
    await ask('shop/api', '10.9.0.1'),
    '10.9.0.1 cannot be requested: there is no pool for namespace shop.',
  );
  await pools(cluster, data);
});

policyTest(
  'a list of 2,000 entries in named pools and 1,000 reservations are checked within the limits',
  async (cluster) => {
    const entries = (of: number): string =>
      Array.from({ length: 200 }, (_, i) => `10.${of}.${i}.0/24`).join(', ');
    const names = Array.from({ length: 10 }, (_, i) => `p${i}`);
    const reserved = (i: number): [string, string] => [
      `reserve-n${i}`,
      Array.from({ length: 10 }, (_, k) => `s${k}=10.200.${i}.${k}`).join(', '),
    ];
    await pools(cluster, {
      ...Object.fromEntries(names.map((name, i) => [`pool.${name}`, entries(i)])),
      'pools-shop': names.join(','),
      ...Object.fromEntries(Array.from({ length: 100 }, (_, i) => reserved(i))),
    });
    const most = Array.from({ length: 16 }, (_, i) => `10.9.199.${i}`).join(',');
    assert.equal(await rejectionOf(cluster, 'addresses', 'shop/web', annotated(most)), undefined);
    await pools(cluster, data);
  },
);

policyTest('the policy and the controller agree on which addresses are in a pool', async (cluster) => {
  const worlds = fc.sample(anyValid, { numRuns: 40, seed: 6 });
  const generated = worlds.flatMap((world) => Object.values(world).filter((value) => /[.:]/.test(value)));
  // An entry with a comment, and the rest of its line, are outside for both.
  const commented = ['10.50.0.1, 10.50.0.2 # lab, 10.50.0.5\n10.50.0.4', '10.50.0.1\n# 10.50.0.2, 10.50.0.3'];
  const values = [...generated.slice(0, 40), ...commented];
  const all: Data = Object.fromEntries(values.map((value, i) => [`cidr-any-${i}`, value]));
  await pools(cluster, all);
  const read = readConfig({ metadata: { name: 'kubevip' }, data: all });
  const seen = { inside: 0, outside: 0 };
  for (const key of Object.keys(all)) {
    const namespace = key.slice('cidr-'.length);
    await cluster.namespace(namespace);
    const pool = poolFor(read, namespace);
    if (pool === undefined) continue;
    const near = pool.ranges
      .slice(0, 6)
      .flatMap(({ family, first, last }) =>
        [first - 1n, first, last, last + 1n]
          .filter((value) => value >= 0n && value < 1n << BigInt(bits[family]) && value >> 32n !== 0xffffn)
          .map((value) => formatAddress({ family, value })),
      );
    for (const text of new Set(['0.0.0.0', '::', ...near])) {
      const address = readAddress(text);
      if (address === undefined) throw new Error(text);
      const isInside: boolean = isUnspecified(address)
        ? pool.dhcp[address.family]
        : rangesContain(pool.ranges, address);
      const rejection = await rejectionOf(cluster, 'addresses', `${namespace}/web`, annotated(text));
      assert.equal(rejection, isInside ? undefined : outside(text, key, namespace), `${text} in ${all[key]}`);
      seen[isInside ? 'inside' : 'outside'] += 1;
    }
  }
  assert.ok(seen.inside > 50 && seen.outside > 50, JSON.stringify(seen));
  await pools(cluster, data);
});

policyTest('in each accepted text, the controller reads only addresses in the pool', async (cluster) => {
  const pieces = [
    '10.0.0.10',
    '192.168.0.217',
    '2001:db8::11',
    '::ffff:',
    '0',
    '0x',
    '.',
    ',',
    ' ',
    '\t',
    '\u00a0',
    '\ufeff',
    '\u0085',
    '%',
    '/',
    '-',
    'web',
    ':',
    '\n',
  ];
  const anyText = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''));
  const ranges = poolFor(readConfig({ metadata: { name: 'kubevip' }, data }), 'shop')?.ranges ?? [];
  let checked = 0;
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      if ((await rejectionOf(cluster, 'addresses', 'shop/web', annotated(text))) !== undefined) return;
      for (const address of addressesOf(parseAddressList(text)?.entries ?? [])) {
        checked += 1;
        assert.ok(rangesContain(ranges, address), text);
      }
    }),
    { numRuns: 400 },
  );
  assert.ok(checked > 0);
});

policyTest('pools of 2,000 entries are checked within the limits of the API server', async (cluster) => {
  const many = (entry: (i: number) => string) => Array.from({ length: 2000 }, (_, i) => entry(i)).join(', ');
  const full = (i: number) => `2001:0db8:1111:2222:3333:4444:5555:${(4096 + 2 * i).toString(16)}`;
  const large = {
    'cidr-shop': many((i) => `10.${i >> 8}.${i % 256}.0/24`),
    'range-office': many((i) => `${full(i)}-${full(i)}`),
  };
  await pools(cluster, large);
  const ask = (key: string, ips: string) => rejectionOf(cluster, 'addresses', key, annotated(ips));
  assert.equal(await ask('shop/web', '10.7.207.9,2001:db8::1'), outside('2001:db8::1', 'cidr-shop', 'shop'));
  const most = Array.from({ length: 16 }, (_, i) => `10.7.207.${i}`).join(',');
  assert.equal(await ask('shop/web', most), undefined);
  const last = full(1999).replace(/\b0+(?=\w)/g, '');
  assert.equal(await ask('office/web', last), undefined);
  assert.equal(await ask('office/web', `${last},10.0.0.1`), outside('10.0.0.1', 'range-office', 'office'));
  await pools(cluster, data);
});

policyTest('without the ConfigMap nothing is checked; kubectl delete removes the policy', async (cluster) => {
  const ask = () => rejectionOf(cluster, 'addresses', 'shop/web', annotated('10.99.0.1'));
  assert.ok(await ask());
  await cluster.kubectl(['delete', 'configmap', '--namespace', 'kube-system', 'kubevip']);
  await eventually(async () => assert.equal(await ask(), undefined));
  await cluster.kubectl([
    'create',
    'configmap',
    '--namespace',
    'kube-system',
    'kubevip',
    '--from-literal=a=b',
  ]);
  await eventually(async () => assert.ok(await ask()));
  await cluster.kubectl(['delete', '-f', fileOf('addresses')]);
  await eventually(async () => assert.equal(await ask(), undefined));
});
