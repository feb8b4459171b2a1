import assert from 'node:assert/strict';
import type { Body } from './http.ts';
import { assertRefused, configMap, loadBalancer, type Rule, type World } from './world.ts';

/** Older releases say it differently. */
const unsupportedField =
  /field label not supported: spec\.loadBalancerIP|"spec\.loadBalancerIP" is not a known field selector/;

const bad = { code: 400, reason: 'BadRequest' } as const;

function names({ items }: Body): string[] {
  return items.map(({ metadata }) => metadata.name ?? '');
}

async function fill(world: World, ...list: string[]): Promise<void> {
  for (const name of list) await world.create('configmaps', configMap(name));
}

export function listing(rule: Rule): void {
  rule(
    'a list is ordered by name, has the latest resourceVersion, and its items do not repeat kind and apiVersion',
    async (world) => {
      await fill(world, 'b', 'a-1', 'a');
      const list = await world.read('configmaps');
      assert.deepEqual(
        { kind: list.kind, apiVersion: list.apiVersion },
        { kind: 'ConfigMapList', apiVersion: 'v1' },
      );
      assert.deepEqual(names(list), ['a', 'a-1', 'b']);
      assert.deepEqual(Object.keys(list.items[0] ?? {}), ['metadata']);
      const last = await world.read('configmaps/a');
      assert.ok(BigInt(list.metadata.resourceVersion ?? 0) >= BigInt(last.metadata.resourceVersion ?? 0));
      assert.equal(list.metadata.continue, undefined);
    },
  );

  rule('an empty list has items', async (world) => {
    assert.deepEqual((await world.read('services')).items, []);
  });

  rule('a list of all namespaces is ordered by namespace, then name', async (world) => {
    await fill(world, 'b', 'a');
    const { body } = await world.get('/api/v1/configmaps');
    const keys = body.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    assert.deepEqual(keys, [...keys].sort());
    assert.ok(keys.includes(`${world.namespace}/a`));
  });

  rule(
    'a list with a limit has the current version, also if no object matches its selector',
    async (world) => {
      const { metadata } = await world.create('configmaps', configMap('a'));
      const page = await world.read('configmaps?limit=1&fieldSelector=metadata.name%3Dnone');
      assert.deepEqual(names(page), []);
      assert.ok(BigInt(page.metadata.resourceVersion ?? 0) >= BigInt(metadata.resourceVersion ?? 0));
    },
  );

  rule(
    'with a limit, a list has pages, each with a continue token and the remaining count',
    async (world) => {
      await fill(world, 'a', 'b', 'c', 'd', 'e');
      const first = await world.read('configmaps?limit=2');
      assert.deepEqual(names(first), ['a', 'b']);
      assert.equal(first.metadata.remainingItemCount, 3);
      const next = (page: Body): string =>
        `configmaps?limit=2&continue=${encodeURIComponent(page.metadata.continue ?? '')}`;
      const second = await world.read(next(first));
      assert.deepEqual(names(second), ['c', 'd']);
      const third = await world.read(next(second));
      assert.deepEqual(names(third), ['e']);
      assert.equal(third.metadata.continue, undefined);
      assert.equal(third.metadata.remainingItemCount, undefined);
    },
  );

  rule('all pages show the state of the first one, despite later changes', async (world) => {
    await fill(world, 'a', 'c', 'd', 'e');
    const first = await world.read('configmaps?limit=1');
    await world.create('configmaps', configMap('b'));
    await world.delete(world.at('configmaps/c'));
    await world.change('configmaps/d', { data: { x: 'y' } });
    const rest = await world.read(`configmaps?limit=9&continue=${first.metadata.continue}`);
    assert.deepEqual(names(rest), ['c', 'd', 'e']);
    assert.equal(rest.items[1]?.data, undefined);
    assert.equal(rest.metadata.resourceVersion, first.metadata.resourceVersion);
    assert.deepEqual(names(await world.read('configmaps')), ['a', 'b', 'd', 'e']);
  });

  rule(
    'a page of a list with a selector has no remaining count',
    async (world) => {
      for (const name of ['a', 'b', 'c']) await world.create('services', loadBalancer(name));
      const page = await world.read('services?limit=2&fieldSelector=spec.type%3DLoadBalancer');
      assert.deepEqual(names(page), ['a', 'b']);
      assert.notEqual(page.metadata.continue, undefined);
      assert.equal(page.metadata.remainingItemCount, undefined);
    },
    { since: 31 },
  );

  rule('continuing from a page that is too old is 410 Expired', async (world) => {
    await fill(world, 'a', 'b');
    const page = await world.read('configmaps?limit=1');
    // As if the first page were from the start of the server, which every server here has compacted.
    const token = Buffer.from(page.metadata.continue ?? '', 'base64url').toString();
    const old = Buffer.from(token.replace(/"rv":\d+/, '"rv":1')).toString('base64url');
    const answer = await world.get(world.at(`configmaps?limit=1&continue=${old}`));
    assertRefused(answer, {
      code: 410,
      reason: 'Expired',
      message: /^The provided continue parameter is too old/,
    });
  });

  rule('an invalid continue token, or one with a resourceVersion, is 400', async (world) => {
    await fill(world, 'a', 'b');
    assertRefused(await world.get(world.at('configmaps?continue=none')), bad);
    const page = await world.read('configmaps?limit=1');
    const { continue: token, resourceVersion } = page.metadata;
    const path = `configmaps?limit=1&continue=${token}&resourceVersion=${resourceVersion}`;
    assertRefused(await world.get(world.at(path)), { ...bad, message: /not allowed when using continue/ });
  });

  rule('a list with resourceVersion=0 is complete, despite a limit', async (world) => {
    await fill(world, 'a', 'b', 'c');
    const list = await world.read('configmaps?limit=1&resourceVersion=0');
    assert.equal(list.metadata.continue, undefined);
  });

  rule('a list from an existing resourceVersion has that or a newer state', async (world) => {
    await fill(world, 'a', 'b');
    const { metadata } = await world.read('configmaps/a');
    const list = await world.read(`configmaps?resourceVersion=${metadata.resourceVersion}`);
    assert.ok(names(list).includes('a'));
  });

  rule('a future resourceVersion is 504 with retry', async (world) => {
    const future = await world.get(world.at('configmaps?resourceVersion=999999999'));
    assertRefused(future, { code: 504, reason: 'Timeout', message: /Too large resource version/ });
    assert.equal(future.body.details?.retryAfterSeconds, 1);
    assert.equal(future.body.details?.causes?.[0]?.reason, 'ResourceVersionTooLarge');
    assertRefused(await world.get(world.at('configmaps?limit=many')), bad);
  });

  rule(
    'a resourceVersion that is not a number is 400',
    async (world) => {
      assertRefused(await world.get(world.at('configmaps?resourceVersion=new')), bad);
    },
    { since: 34 },
  );
}

export function selecting(rule: Rule): void {
  const select = async (world: World, kind: string, selector: string): Promise<string[]> =>
    names(await world.read(`services?${kind}=${encodeURIComponent(selector)}`));

  rule(
    'a field selector selects by name and by type of a Service, with = and !=',
    async (world) => {
      await world.create('services', loadBalancer('a'));
      await world.create('services', loadBalancer('b'));
      await world.create('services', { metadata: { name: 'c' }, spec: { ports: [{ port: 80 }] } });
      assert.deepEqual(await select(world, 'fieldSelector', 'spec.type=LoadBalancer'), ['a', 'b']);
      assert.deepEqual(await select(world, 'fieldSelector', 'spec.type==LoadBalancer'), ['a', 'b']);
      assert.deepEqual(await select(world, 'fieldSelector', 'spec.type!=LoadBalancer'), ['c']);
      assert.deepEqual(await select(world, 'fieldSelector', 'metadata.name=a'), ['a']);
      assert.deepEqual(await select(world, 'fieldSelector', 'spec.type=LoadBalancer,metadata.name!=a'), [
        'b',
      ]);
      assert.deepEqual(await select(world, 'fieldSelector', `metadata.namespace=${world.namespace}`), [
        'a',
        'b',
        'c',
      ]);
      assert.deepEqual(await select(world, 'fieldSelector', 'metadata.namespace=elsewhere'), []);
    },
    { since: 31 },
  );

  rule('a field selector with an unsupported field is 400', async (world) => {
    const unknown = await world.get(world.at('services?fieldSelector=spec.loadBalancerIP%3Dx'));
    assertRefused(unknown, { ...bad, message: unsupportedField });
    assertRefused(await world.get(world.at('configmaps?fieldSelector=spec.type%3Dx')), bad);
    assertRefused(await world.get(world.at('services?fieldSelector=spec.type')), {
      ...bad,
      message: /invalid selector/,
    });
  });

  rule('a label selector selects by value, by existence, and by set', async (world) => {
    await world.create('services', loadBalancer('a', {}, { labels: { app: 'x', 'a.b/c': 'd' } }));
    await world.create('services', loadBalancer('b', {}, { labels: { app: 'y' } }));
    await world.create('services', loadBalancer('c'));
    const table: Record<string, string[]> = {
      'app=x': ['a'],
      'app==x': ['a'],
      'app!=x': ['b', 'c'],
      app: ['a', 'b'],
      '!app': ['c'],
      'a.b/c=d': ['a'],
      'app in (x,y)': ['a', 'b'],
      'app in (y, z)': ['b'],
      'app notin (x)': ['b', 'c'],
      'app,app!=x': ['b'],
      'implementation=kube-vip': [],
    };
    for (const [selector, expected] of Object.entries(table)) {
      assert.deepEqual(await select(world, 'labelSelector', selector), expected, selector);
    }
    assertRefused(await world.get(world.at('services?labelSelector=a%3D%3D%3D')), bad);
  });
}
