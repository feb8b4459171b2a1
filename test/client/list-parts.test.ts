import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listParts, MalformedList } from '../../src/client/list-parts.ts';
import type { KubeObject } from '../../src/core/model/objects.ts';

async function* chunksOf(text: string, length: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

interface Read {
  objects: KubeObject[];
  resourceVersion: string | undefined;
  /** How many objects were yielded before the last part. */
  early: number;
}

async function read(text: string, length: number, maxBytes?: number): Promise<Read> {
  const result: Read = { objects: [], resourceVersion: undefined, early: 0 };
  for await (const part of listParts(chunksOf(text, length), { maxBytes })) {
    assert.equal(result.resourceVersion, undefined, 'the version comes last');
    result.early = result.objects.length;
    result.objects.push(...part.objects);
    result.resourceVersion = part.resourceVersion;
  }
  return result;
}

const named = (name: string, more: object = {}): KubeObject & object => ({
  metadata: { name, resourceVersion: '1' },
  ...more,
});

/** In the format of kube-apiserver. */
const listText = (items: readonly object[]): string =>
  `{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":${JSON.stringify(items)}}\n`;

const edgeCases = [
  named('żółw'),
  named('quoted', { spec: { note: '},{"metadata":{"name":"forged"},' } }),
  // Resembles the boundary between two objects, inside one.
  named('nested', { items: [{ a: 1 }, { metadata: { name: 'inner' } }, { metadata: {} }] }),
  named('empty', { spec: {} }),
];

test('the result does not depend on how a list is split', async () => {
  const text = listText(edgeCases);
  for (let length = 1; length <= Buffer.byteLength(text); length += 1) {
    const { objects, resourceVersion } = await read(text, length);
    assert.deepEqual(objects, edgeCases, `in chunks of ${length}`);
    assert.equal(resourceVersion, '7');
  }
});

test('objects are yielded while the list arrives', async () => {
  const many = Array.from({ length: 100 }, (_, i) => named(`service-${i}`));
  const { objects, early } = await read(listText(many), 1_000);
  assert.deepEqual(objects, many);
  assert.equal(early, 99, 'all but the last, which is part of the end');
});

test('managedFields are removed, and nothing else', async () => {
  const fieldsV1 = {
    'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {} } } },
    'f:x': [[{}]],
  };
  const forged = { note: ',"managedFields":[1]},"spec":{' };
  const item = (i: number, managedFields?: object[]) => ({
    metadata: { name: `${i}`, annotations: forged, ...(managedFields && { managedFields }) },
    spec: { forged, ports: [{ port: i }] },
    status: {},
  });
  const items = [0, 1, 2].map((i) =>
    item(i, [
      { manager: 'a', fieldsV1 },
      { manager: ']},"spec":{', fieldsV1 },
    ]),
  );
  const { objects } = await read(listText([...items, item(3)]), 1_000);
  assert.deepEqual(
    objects,
    [0, 1, 2, 3].map((i) => item(i)),
  );
});

test('any list is parsed like JSON.parse does, whatever its format and chunks', async () => {
  const item = fc.record({ metadata: fc.record({ name: fc.string() }), spec: fc.jsonValue() });
  const spaces = fc.constantFrom(undefined, 1, '\t');
  await fc.assert(
    fc.asyncProperty(
      fc.array(item),
      spaces,
      fc.boolean(),
      fc.integer({ min: 1 }),
      async (all, space, isMetadataFirst, length) => {
        const metadata = { resourceVersion: '7' };
        const list = isMetadataFirst ? { metadata, items: all } : { items: all, metadata };
        const text = JSON.stringify(list, undefined, space);
        assert.deepEqual((await read(text, length)).objects, JSON.parse(text).items);
      },
    ),
    { numRuns: 300 },
  );
});

for (const [what, text, message] of [
  ['a list that breaks off', listText(edgeCases).slice(0, -3), /not JSON/],
  [
    'a list that breaks off between two objects',
    '{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{}},',
    /not JSON/,
  ],
  ['an HTML page of a proxy', '<html>captive portal</html>', /not JSON: <html>captive portal/],
  ['another object', '{"kind":"Service","metadata":{"name":"a"}}', /not a list/],
  ['a list without a version', '{"metadata":{},"items":[]}', /not a list/],
  ['a number', '7', /not a list/],
  ['an empty response', '', /not JSON/],
  [
    'one page of a list',
    '{"metadata":{"resourceVersion":"7","continue":"x"},"items":[]}',
    /only part of the list/,
  ],
] as const) {
  test(`${what} is not a list`, () =>
    assert.rejects(read(text, 10), (error) => error instanceof MalformedList && message.test(error.message)));
}

test('bytes that are not UTF-8 are not a list', async () => {
  async function* bytes() {
    yield Buffer.from('{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"');
    yield Buffer.from([0xff]);
    yield Buffer.from('"}}]}');
  }
  await assert.rejects(async () => {
    for await (const _ of listParts(bytes()));
  }, TypeError);
});

test('managedFields are kept on request', async () => {
  const items = [1, 2].map((n) => ({
    metadata: { name: `s${n}`, managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:spec': {} } }] },
    spec: {},
  }));
  const text = JSON.stringify({
    metadata: { resourceVersion: '7' },
    items: [...items, { metadata: { name: 'last' } }],
  });
  const read = async (managedFields: boolean): Promise<unknown[]> => {
    const objects: unknown[] = [];
    const chunks = (async function* () {
      yield Buffer.from(text);
    })();
    for await (const part of listParts(chunks, { managedFields })) objects.push(...part.objects);
    return objects.slice(0, 2);
  };
  assert.deepEqual(await read(true), items);
  assert.deepEqual(await read(false), [
    { metadata: { name: 's1' }, spec: {} },
    { metadata: { name: 's2' }, spec: {} },
  ]);
});

test('the size limit applies to each object, not to the list', async () => {
  const long = Array.from({ length: 50 }, (_, i) => named(`${i}`, { spec: { note: 'x'.repeat(900) } }));
  assert.equal((await read(listText(long), 100, 2_000)).objects.length, 50);
  const longer = [named('a'), named('b', { spec: { note: 'x'.repeat(3_000) } }), named('c')];
  await assert.rejects(read(listText(longer), 100, 2_000), /an object is longer than 2000 bytes/);
});
