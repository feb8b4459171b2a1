import assert from 'node:assert/strict';
import { assertRefused, ipAddress, onServersWithIPAddresses, type Rule, type World } from './world.ts';

const invalid = { code: 422, reason: 'Invalid' } as const;
const conflict = { code: 409, reason: 'Conflict' } as const;
const group = 'networking.k8s.io';

/** Labels the IPAddresses of one rule, because all rules share them. */
function labelled(world: World, name: string): unknown {
  return ipAddress(name, { labels: { rule: world.namespace } });
}

export function ipAddresses(onAny: Rule): void {
  const rule = onServersWithIPAddresses(onAny);

  rule('an IPAddress is cluster-scoped, and a namespace in the body is dropped', async (world) => {
    const name = world.address(1);
    const made = await world.create('ipaddresses', ipAddress(name, { namespace: world.namespace }));
    assert.deepEqual([made.kind, made.apiVersion], ['IPAddress', `${group}/v1`]);
    assert.deepEqual([made.metadata.name, made.metadata.namespace], [name, undefined]);
    const parentRef = { resource: 'configmaps', namespace: 'default', name: 'pools' };
    assert.deepEqual(made.spec, { parentRef });
    assert.deepEqual(await world.read(`ipaddresses/${name}`), made);
    const same = await world.change(`ipaddresses/${name}`, { metadata: { namespace: world.namespace } });
    assert.deepEqual(same, made);
    const put = await world.put(world.at(`ipaddresses/${name}`), ipAddress(name, { namespace: 'default' }));
    assert.deepEqual([put.status, put.body.metadata.namespace], [200, undefined]);
  });

  rule('an IPAddress has no path in a namespace, and a Service has none outside of one', async (world) => {
    const name = world.address(1);
    await world.create('ipaddresses', ipAddress(name));
    const within = `/apis/${group}/v1/namespaces/${world.namespace}/ipaddresses`;
    const nowhere = { code: 404, reason: 'NotFound', message: /could not find the requested resource/ };
    assertRefused(await world.get(within), nowhere);
    assertRefused(await world.get(`${within}/${name}`), nowhere);
    assertRefused(await world.post(within, ipAddress(world.address(2))), nowhere);
    assertRefused(await world.get(world.at(`ipaddresses/${name}/status`)), nowhere);
    assertRefused(await world.get('/api/v1/services/a'), nowhere);
    const method = { code: 405, reason: 'MethodNotAllowed' };
    assertRefused(await world.post('/api/v1/services', {}), method);
    assertRefused(await world.put(world.at('ipaddresses'), ipAddress(name)), method);
  });

  rule('if two clients create an IPAddress with the same name, one gets 409 AlreadyExists', async (world) => {
    const name = world.address(1);
    const path = world.at('ipaddresses');
    const both = await Promise.all([1, 2].map(() => world.post(path, ipAddress(name))));
    assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409]);
    const [late] = both.filter(({ status }) => status === 409);
    assert.ok(late);
    const message = new RegExp(`^ipaddresses.${group} "${name}" already exists$`);
    assertRefused(late, { code: 409, reason: 'AlreadyExists', message });
    assert.partialDeepStrictEqual(late.body.details, { name, group, kind: 'ipaddresses' });
  });

  rule(
    'PUT of an IPAddress works without resourceVersion, but not with another one or another uid',
    async (world) => {
      const name = world.address(1);
      const path = world.at(`ipaddresses/${name}`);
      await world.create('ipaddresses', ipAddress(name));
      const { status, body } = await world.put(path, ipAddress(name, { annotations: { x: 'y' } }));
      assert.equal(status, 200);
      assert.deepEqual(body.metadata.annotations, { x: 'y' });
      assertRefused(await world.put(path, ipAddress(name, { resourceVersion: '1' })), conflict);
      assertRefused(await world.put(path, ipAddress(name, { uid: 'other' })), conflict);
      const renamed = await world.put(path, ipAddress(world.address(2)));
      assertRefused(renamed, { code: 400, reason: 'BadRequest' });
    },
  );

  rule('PUT does not create an IPAddress', async (world) => {
    const name = world.address(1);
    const answer = await world.put(world.at(`ipaddresses/${name}`), ipAddress(name));
    const message = new RegExp(`^ipaddresses.${group} "${name}" not found$`);
    assertRefused(answer, { code: 404, reason: 'NotFound', message });
  });

  rule('a merge patch of an IPAddress checks its resourceVersion and uid', async (world) => {
    const name = world.address(1);
    const path = world.at(`ipaddresses/${name}`);
    const { metadata } = await world.create('ipaddresses', ipAddress(name));
    const { uid, resourceVersion } = metadata;
    const patch = (metadata: object): unknown => ({
      metadata: { annotations: { 'a.b/c': 'd' }, ...metadata },
    });
    const body = await world.change(`ipaddresses/${name}`, patch({ uid, resourceVersion }));
    assert.deepEqual(body.metadata.annotations, { 'a.b/c': 'd' });
    assertRefused(await world.patch(path, patch({ resourceVersion })), conflict);
    const cause = { field: 'metadata.uid', message: 'Invalid value: "other": field is immutable' };
    assertRefused(await world.patch(path, patch({ uid: 'other' })), { ...invalid, cause });
  });

  rule('DELETE of an IPAddress returns a Status, if the preconditions are met', async (world) => {
    const name = world.address(1);
    const path = world.at(`ipaddresses/${name}`);
    const first = await world.create('ipaddresses', ipAddress(name));
    const { uid } = first.metadata;
    const { resourceVersion } = (
      await world.change(`ipaddresses/${name}`, { metadata: { labels: { a: 'b' } } })
    ).metadata;
    const past = { uid, resourceVersion: first.metadata.resourceVersion };
    const wrong: [object, RegExp][] = [
      [{ uid: 'other' }, /the UID in the precondition \(other\) does not match/],
      [{ uid: 'other', resourceVersion }, /the UID in the precondition/],
      [past, /the ResourceVersion in the precondition \(\d+\) does not match/],
    ];
    for (const [preconditions, message] of wrong)
      assertRefused(await world.delete(path, { preconditions }), { ...conflict, message });
    const { status, body } = await world.delete(path, { preconditions: { uid, resourceVersion } });
    assert.equal(status, 200);
    const details = { name, group, kind: 'ipaddresses', uid };
    assert.partialDeepStrictEqual(body, { kind: 'Status', status: 'Success', details });
    assertRefused(await world.delete(path), { code: 404, reason: 'NotFound' });
    const again = await world.create('ipaddresses', ipAddress(name));
    assert.notEqual(again.metadata.uid, uid);
  });

  rule('IPAddresses are listed by name, by label, and in pages', async (world) => {
    const names = [world.address(1), world.address(10), world.address(2)];
    for (const name of names.toReversed()) await world.create('ipaddresses', labelled(world, name));
    const list = async (query: string): Promise<[(string | undefined)[], string]> => {
      const { items, metadata } = await world.read(`ipaddresses?${query}`);
      return [items.map(({ metadata }) => metadata.name), metadata.continue ?? ''];
    };
    const own = `labelSelector=rule%3D${world.namespace}`;
    assert.deepEqual(await list(own), [names, '']);
    const [page, token] = await list(`${own}&limit=2`);
    assert.deepEqual(page, names.slice(0, 2));
    assert.deepEqual(await list(`${own}&limit=2&continue=${token}`), [names.slice(2), '']);
    assert.deepEqual(await list(`fieldSelector=metadata.name%3D${names[1]}`), [[names[1]], '']);
    assert.deepEqual(await list(`${own}&fieldSelector=metadata.name!%3D${names[1]}`), [
      [names[0], names[2]],
      '',
    ]);
    assert.deepEqual(await list('fieldSelector=metadata.namespace%3Ddefault'), [[], '']);
    assert.equal((await world.read('ipaddresses?limit=1')).kind, 'IPAddressList');
    const odd = await world.get(world.at('ipaddresses?fieldSelector=spec.parentRef.name%3Dx'));
    assertRefused(odd, { code: 400, reason: 'BadRequest' });
  });

  rule('a watch of IPAddresses starts with the existing ones, and sends changes', async (world) => {
    const [first, second] = [world.address(1), world.address(2)];
    await world.create('ipaddresses', labelled(world, first));
    const initial = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const own = `labelSelector=rule%3D${world.namespace}`;
    const watch = await world.watch(world.at(`ipaddresses?watch=1&${initial}&${own}`));
    const [there, end] = [await watch.next(), await watch.next()];
    assert.deepEqual([there?.type, there?.object.metadata.name], ['ADDED', first]);
    assert.deepEqual([end?.type, end?.object.kind], ['BOOKMARK', 'IPAddress']);
    const from = end?.object.metadata.resourceVersion;
    await world.create('ipaddresses', labelled(world, second));
    await world.change(`ipaddresses/${second}`, { metadata: { annotations: { x: 'y' } } });
    await world.delete(world.at(`ipaddresses/${second}`));
    const told = ['ADDED', 'MODIFIED', 'DELETED'];
    const events = await watch.take(3);
    assert.deepEqual(
      events.map(({ type }) => type),
      told,
    );
    const versions = events.map(({ object }) => BigInt(object.metadata.resourceVersion ?? 0));
    assert.deepEqual(
      versions,
      versions.toSorted((a, b) => (a < b ? -1 : 1)),
    );
    watch.close();
    const one = `fieldSelector=metadata.name%3D${second}`;
    const later = await world.watch(world.at(`ipaddresses?watch=1&resourceVersion=${from}&${one}`));
    assert.deepEqual(
      (await later.take(3)).map(({ type }) => type),
      told,
    );
    later.close();
  });
}

export function addressNames(onAny: Rule): void {
  const rule = onServersWithIPAddresses(onAny);

  rule('the name of an IPAddress is an address in canonical form', async (world) => {
    const form = /must be a valid IP address, \(e.g. 10.9.8.7 or 2001:db8::ffff\)$/;
    const canonical = (name: string): RegExp => new RegExp(`must be in canonical form \\("${name}"\\)$`);
    const table: [string, RegExp][] = [
      ['a', form],
      ['198.18.0', form],
      ['198.18.0.256', form],
      ['198.18.0.1/32', form],
      [' 198.18.0.1', form],
      ['fe80::1%eth0', form],
      ['198.18.0.01', /must not have leading 0s$/],
      ['0198.018.0.1', /must not have leading 0s$/],
      ['00.0.0.0', /must not have leading 0s$/],
      ['::ffff:198.18.0.1', /must not be an IPv4-mapped IPv6 address$/],
      ['::FFFF:c612:1', /must not be an IPv4-mapped IPv6 address$/],
      ['2001:DB8::1', canonical('2001:db8::1')],
      ['2001:0db8::1', canonical('2001:db8::1')],
      ['2001:db8:0:0::1', canonical('2001:db8::1')],
      ['2001:db8:0:0:1::1', canonical('2001:db8::1:0:0:1')],
      ['2001:db8::1:1:1:1:1', canonical('2001:db8:0:1:1:1:1:1')],
      ['::198.18.0.1', canonical('::c612:1')],
    ];
    for (const [name, message] of table) {
      const answer = await world.post(world.at('ipaddresses'), ipAddress(name));
      const cause = { reason: 'FieldValueInvalid', field: 'metadata.name' };
      assertRefused(answer, { ...invalid, cause, message });
    }
    const missing = await world.post(world.at('ipaddresses'), ipAddress(''));
    assertRefused(missing, { ...invalid, cause: { reason: 'FieldValueRequired', field: 'metadata.name' } });
  });

  rule('IPv6 addresses are valid names, and generateName gets no suffix', async (world) => {
    for (const name of ['2001:db8::1:0:0:1', '2001:db8:0:1:1:1:1:1', '::', 'ff02::1']) {
      const made = await world.create('ipaddresses', ipAddress(name));
      assert.equal(made.metadata.name, name);
      assert.equal((await world.read(`ipaddresses/${encodeURIComponent(name)}`)).metadata.name, name);
      assert.equal((await world.delete(world.at(`ipaddresses/${name}`))).status, 200);
    }
    const generateName = world.address(9);
    const parentRef = { resource: 'configmaps', name: 'pools' };
    const made = await world.create('ipaddresses', { metadata: { generateName }, spec: { parentRef } });
    assert.equal(made.metadata.name, generateName);
  });
}

export function parents(onAny: Rule): void {
  const rule = onServersWithIPAddresses(onAny);

  const withParent = (name: string, parentRef: unknown): unknown => ({
    metadata: { name },
    spec: { parentRef },
  });

  rule('an IPAddress has a parent, of which resource and name are required', async (world) => {
    const name = world.address(1);
    const path = world.at('ipaddresses');
    const required = { reason: 'FieldValueRequired', message: 'Required value' };
    assertRefused(await world.post(path, { metadata: { name } }), {
      ...invalid,
      cause: { ...required, field: 'spec.parentRef' },
    });
    const empty = await world.post(path, withParent(name, {}));
    assertRefused(empty, invalid);
    assert.deepEqual(empty.body.details?.causes, [
      { ...required, field: 'spec.parentRef.resource' },
      { ...required, field: 'spec.parentRef.name' },
    ]);
    const made = await world.create('ipaddresses', withParent(name, { group: '', resource: 'x', name: 'y' }));
    assert.deepEqual(made.spec.parentRef, { resource: 'x', name: 'y' });
  });

  rule('the group of a parent is a DNS subdomain, and its other fields are path segments', async (world) => {
    const path = world.at('ipaddresses');
    const parentRef = { group: 'A_', resource: 'a/b%c', name: '.', namespace: '..' };
    const answer = await world.post(path, withParent(world.address(1), parentRef));
    assertRefused(answer, invalid);
    assert.deepEqual(
      answer.body.details?.causes?.map(({ field, message }) => `${field} ${message?.split(': ').at(-1)}`),
      [
        `spec.parentRef.group ${answer.body.details?.causes?.[0]?.message?.split(': ').at(-1)}`,
        "spec.parentRef.resource may not contain '/'",
        "spec.parentRef.resource may not contain '%'",
        "spec.parentRef.name may not be '.'",
        "spec.parentRef.namespace may not be '..'",
      ],
    );
    const odd = await world.post(path, withParent(world.address(1), 'x'));
    const message = /Go struct field IPAddressSpec.spec.parentRef of type v1.ParentReference$/;
    assertRefused(odd, { code: 400, reason: 'BadRequest', message });
    await world.create('ipaddresses', withParent(world.address(1), { resource: 'A b', name: 'C d' }));
  });

  rule('the parent of an IPAddress does not change', async (world) => {
    const name = world.address(1);
    const path = world.at(`ipaddresses/${name}`);
    await world.create('ipaddresses', ipAddress(name));
    const value = { Group: '', Resource: 'configmaps', Namespace: 'default', Name: 'other' };
    const immutable = (shown: unknown): object => ({
      reason: 'FieldValueInvalid',
      field: 'spec.parentRef',
      message: `Invalid value: ${JSON.stringify(shown)}: field is immutable`,
    });
    const patched = await world.patch(path, { spec: { parentRef: { name: 'other' } } });
    assertRefused(patched, { ...invalid, cause: immutable(value) });
    const removed = await world.patch(path, { spec: null });
    assertRefused(removed, { ...invalid, cause: { reason: 'FieldValueRequired', field: 'spec.parentRef' } });
    assert.deepEqual(removed.body.details?.causes?.[1], immutable(null));
    const put = await world.put(path, withParent(name, { resource: 'x', name: 'y' }));
    assertRefused(put, { ...invalid, message: /field is immutable$/ });
  });
}
