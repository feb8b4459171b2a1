import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonLines, MalformedLine } from '../../src/client/json-lines.ts';

async function* stream(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

async function read(chunks: AsyncIterable<Uint8Array>, maxBytes?: number): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of jsonLines(chunks, maxBytes)) values.push(value);
  return values;
}

test('the values do not depend on how the bytes are split', async () => {
  const value = fc.record({ type: fc.string(), object: fc.jsonValue() });
  // Text with characters of two, three and four bytes, and escapes that resemble line endings.
  const wide = fc.constantFrom({ name: 'żółć' }, { name: '漢字' }, { name: '🦆' }, { name: 'a\nb' });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(value, wide), { maxLength: 6 }),
      fc.array(fc.nat({ max: 400 }), { maxLength: 40 }),
      async (values, cuts) => {
        const bytes = Buffer.from(values.map((each) => `${JSON.stringify(each)}\n`).join(''));
        const places = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort(
          (a, b) => a - b,
        );
        let start = 0;
        const chunks = places.map((place) => {
          const chunk = bytes.subarray(start, place);
          start = place;
          return chunk;
        });
        const expected = JSON.parse(JSON.stringify(values));
        assert.deepEqual(await read(stream(...chunks)), expected);
      },
    ),
  );
});

test('a character split between two chunks is decoded', async () => {
  const line = Buffer.from('{"name":"é"}\n');
  const middle = line.indexOf(0xc3) + 1;
  assert.deepEqual(await read(stream(line.subarray(0, middle), line.subarray(middle))), [{ name: 'é' }]);
});

test('a last line without a newline is ignored, even if it is valid JSON', async () => {
  assert.deepEqual(await read(stream('{"a":1}\n{"a":2')), [{ a: 1 }]);
  assert.deepEqual(await read(stream('1\n23')), [1]);
});

test('blank lines and carriage returns are ignored', async () => {
  assert.deepEqual(await read(stream('\n{"a":1}\r\n', '\n \n', '{"a":2}\n')), [{ a: 1 }, { a: 2 }]);
});

test('a line that is not JSON or not UTF-8 ends the stream with an error, after the values before it', async () => {
  for (const bad of [Buffer.from('{"a":\n'), Buffer.from([0x22, 0xff, 0x22, 0x0a])]) {
    const values: unknown[] = [];
    await assert.rejects(async () => {
      for await (const value of jsonLines(stream('{"a":1}\n', bad, '{"a":2}\n'))) values.push(value);
    }, MalformedLine);
    assert.deepEqual(values, [{ a: 1 }]);
  }
});

test('a line that exceeds the limit is an error', async () => {
  await assert.rejects(read(stream('"12345', '67890', '"\n'), 10), MalformedLine);
  await assert.rejects(read(stream('"1234567890"\n'), 10), MalformedLine);
  assert.deepEqual(await read(stream('"12345', '678"\n"12', '345"\n'), 10), ['12345678', '12345']);
});
