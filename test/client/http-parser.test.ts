import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MalformedResponse, ResponseParser } from '../../src/client/http/http-parser.ts';

interface ParsedResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** Complete by its length or last chunk. A body that ends with the connection is not. */
  isDone: boolean;
  isPersistent: boolean;
  /** The number of bytes after the response. */
  extraBytes: number;
}

/** Parses the chunks; returns the error message if they are rejected. */
function read(chunks: readonly Buffer[]): ParsedResponse | string {
  let status = 0;
  let headers: Record<string, string> = {};
  const body: Buffer[] = [];
  const parser = new ResponseParser({
    head: (head) => {
      assert.equal(status, 0, 'one head');
      status = head.status;
      headers = { ...head.headers };
    },
    data: (bytes) => {
      assert.notEqual(status, 0, 'a head before the body');
      assert.ok(bytes.length > 0);
      body.push(bytes);
    },
  });
  let extraBytes = 0;
  try {
    for (const chunk of chunks) extraBytes += chunk.length - parser.read(chunk);
  } catch (error) {
    assert.ok(error instanceof MalformedResponse);
    return error.message.replace('malformed response: ', '');
  }
  const { isDone, isPersistent } = parser;
  return { status, headers, body: Buffer.concat(body).toString(), isDone, isPersistent, extraBytes };
}

function bytesOf(lines: string): Buffer {
  return Buffer.from(lines.replaceAll('\n', '\r\n'));
}

const whole = { status: 200, headers: {}, body: '', isDone: true, isPersistent: true, extraBytes: 0 };

/** Each line ends with CR LF on the wire. */
const accepted: Readonly<Record<string, [bytes: string, expectedFields: Partial<ParsedResponse>]>> = {
  'a length': [
    'HTTP/1.1 200 OK\nContent-Length: 2\n\n{}',
    { headers: { 'content-length': '2' }, body: '{}' },
  ],
  'an empty body': ['HTTP/1.1 200 OK\ncontent-length: 0\n\n', { headers: { 'content-length': '0' } }],
  'no reason': [
    'HTTP/1.1 404\ncontent-length: 1\n\nx',
    { status: 404, headers: { 'content-length': '1' }, body: 'x' },
  ],
  'a reason in Latin-1 and with a tab': [
    'HTTP/1.1 200 tr\u00e8s\tbien\ncontent-length: 0\n\n',
    { headers: { 'content-length': '0' } },
  ],
  'white space around values, and none': [
    'HTTP/1.1 200 \na: \t x y \t\nb:z\nc:\ncontent-length:0\n\n',
    { headers: { a: 'x y', b: 'z', c: '', 'content-length': '0' } },
  ],
  'a repeated header': [
    'HTTP/1.1 200 OK\nWarning: a\nwarning: b\ncontent-length: 0\n\n',
    { headers: { warning: 'a, b', 'content-length': '0' } },
  ],
  'names of inherited properties': [
    'HTTP/1.1 200 OK\nconstructor: a\ntoString: b\ncontent-length: 0\n\n',
    { headers: { constructor: 'a', tostring: 'b', 'content-length': '0' } },
  ],
  'no content': ['HTTP/1.1 204 No Content\n\n', { status: 204 }],
  'no content and a length': [
    'HTTP/1.1 304 X\ncontent-length: 5\n\n',
    { status: 304, headers: { 'content-length': '5' } },
  ],
  'informational responses first': [
    'HTTP/1.1 100 Continue\n\nHTTP/1.1 103 X\nlink: y\n\nHTTP/1.1 200 OK\ncontent-length: 1\n\nx',
    { headers: { 'content-length': '1' }, body: 'x' },
  ],
  'connection: close': [
    'HTTP/1.1 200 OK\nConnection: foo, Close\ncontent-length: 0\n\n',
    { headers: { connection: 'foo, Close', 'content-length': '0' }, isPersistent: false },
  ],
  'a token that contains close': [
    'HTTP/1.1 200 OK\nconnection: closed\ncontent-length: 0\n\n',
    { headers: { connection: 'closed', 'content-length': '0' } },
  ],
  'HTTP/1.0': [
    'HTTP/1.0 200 OK\ncontent-length: 1\n\nx',
    { headers: { 'content-length': '1' }, body: 'x', isPersistent: false },
  ],
  'a body until the end': [
    'HTTP/1.1 200 OK\n\nabc\ndef',
    { body: 'abc\r\ndef', isDone: false, isPersistent: false },
  ],
  'an empty body until the end': ['HTTP/1.1 200 OK\n\n', { isDone: false, isPersistent: false }],
  chunks: [
    'HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\n\n2\n{"\n00A\n0123456789\n0\n\n',
    { headers: { 'transfer-encoding': 'Chunked' }, body: '{"0123456789' },
  ],
  'chunks with extensions and trailers': [
    'HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n1;a=b\nx\n1 ; "c"\ny\n0;d\nTrailer: 1\nfoo: bar\n\n',
    { headers: { 'transfer-encoding': 'chunked' }, body: 'xy' },
  ],
  'a chunk that looks like the last chunk': [
    'HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n5\n0\n\n\n0\n\n',
    { headers: { 'transfer-encoding': 'chunked' }, body: '0\r\n\r\n' },
  ],
  'bytes after the end of a length': [
    'HTTP/1.1 200 OK\ncontent-length: 1\n\nxyz',
    { headers: { 'content-length': '1' }, body: 'x', extraBytes: 2 },
  ],
  'bytes after the last chunk': [
    'HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n0\n\nHTTP',
    { headers: { 'transfer-encoding': 'chunked' }, extraBytes: 4 },
  ],
  'bytes after no content': ['HTTP/1.1 204 X\n\nx', { status: 204, extraBytes: 1 }],
  'half a body': [
    'HTTP/1.1 200 OK\ncontent-length: 5\n\nxy',
    { headers: { 'content-length': '5' }, body: 'xy', isDone: false },
  ],
};

const cr = '\r';
const rejected: Readonly<Record<string, [bytes: string, message: RegExp]>> = {
  'another protocol': ['SSH-2.0-OpenSSH_9.2\n', /^not a status line: "SSH-2.0-OpenSSH_9.2"$/],
  'HTTP/2': ['HTTP/2 200\n', /^not a status line/],
  'a status of two digits': ['HTTP/1.1 20 OK\n', /^not a status line/],
  'a status below 100': ['HTTP/1.1 099 OK\n', /^not a status line/],
  'two spaces': ['HTTP/1.1  200 OK\n', /^not a status line/],
  'NUL in the reason': ['HTTP/1.1 200 \0\n', /^not a status line/],
  'an empty line first': ['\nHTTP/1.1 200 OK\n', /^not a status line: ""$/],
  'an unrequested switch of protocols': [
    'HTTP/1.1 101 Switching\nupgrade: x\n\n',
    /^unexpected switch of protocols$/,
  ],
  'a header without a colon': ['HTTP/1.1 200 OK\nfoo\n', /^not a header: "foo"$/],
  'a header without a name': ['HTTP/1.1 200 OK\n: bar\n', /^not a header/],
  'a space before the colon': ['HTTP/1.1 200 OK\nContent-Length : 5\n', /^not a header/],
  'a folded line': ['HTTP/1.1 200 OK\nfoo: a\n b\n', /^not a header: " b"$/],
  'CR in a value': [`HTTP/1.1 200 OK\nfoo: a${cr}b\n`, /^not a header/],
  'two different lengths': [
    'HTTP/1.1 200 OK\ncontent-length: 5\ncontent-length: 6\n\n',
    /^not a content-length: "5, 6"$/,
  ],
  'the same length twice': ['HTTP/1.1 200 OK\ncontent-length: 5, 5\n\n', /^not a content-length/],
  'a negative length': ['HTTP/1.1 200 OK\ncontent-length: -1\n\n', /^not a content-length/],
  'a signed length': ['HTTP/1.1 200 OK\ncontent-length: +1\n\n', /^not a content-length/],
  'an empty length': ['HTTP/1.1 200 OK\ncontent-length:\n\n', /^not a content-length/],
  'a length that is not a safe integer': [
    'HTTP/1.1 200 OK\ncontent-length: 9007199254740993\n\n',
    /^not a content-length/,
  ],
  'a length, and chunks': [
    'HTTP/1.1 200 OK\ncontent-length: 5\ntransfer-encoding: chunked\n\n',
    /^a body with two lengths$/,
  ],
  'another coding': [
    'HTTP/1.1 200 OK\ntransfer-encoding: gzip, chunked\n\n',
    /^not a transfer-encoding: "gzip, chunked"$/,
  ],
  'a chunk without a size': ['HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n\n', /^not a chunk size: ""$/],
  'a chunk size with a sign': [
    'HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n-1\n',
    /^not a chunk size: "-1"$/,
  ],
  'a chunk size with a prefix': [
    'HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n0x1\n',
    /^not a chunk size: "0x1"$/,
  ],
  'a chunk longer than its size': [
    'HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n1\nxy\n',
    /^not a chunk end: "y"$/,
  ],
  'a chunk size beyond safe integers': [
    'HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\nffffffffffffff\n',
    /^not a chunk size/,
  ],
  'an endless head': [`HTTP/1.1 200 OK\nfoo: ${'x'.repeat(65_536)}`, /^a head of more than 64 KiB$/],
  'many headers': [`HTTP/1.1 200 OK\n${'a: b\n'.repeat(12_000)}`, /^a head of more than 64 KiB$/],
  'endless informational responses': ['HTTP/1.1 100 X\n\n'.repeat(5_000), /^a head of more than 64 KiB$/],
  'an endless extension': [
    `HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n1;${'x'.repeat(65_536)}`,
    /^a head of more than 64 KiB$/,
  ],
  'endless trailers': [
    `HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n0\n${'a: b\n'.repeat(12_000)}`,
    /^a head of more than 64 KiB$/,
  ],
};

for (const [what, [text, expectedFields]] of Object.entries(accepted)) {
  test(`a response with ${what}, split at every position`, () => {
    const bytes = bytesOf(text);
    const expected = { ...whole, ...expectedFields };
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      assert.deepEqual(read([bytes.subarray(0, cut), bytes.subarray(cut)]), expected, `split at ${cut}`);
    }
    assert.deepEqual(read([...bytes].map((byte) => Buffer.of(byte))), expected, 'byte by byte');
  });
}

for (const [what, [text, message]] of Object.entries(rejected)) {
  test(`rejected: ${what}`, () => {
    const bytes = bytesOf(text);
    const result = read([bytes]);
    assert.ok(typeof result === 'string', JSON.stringify(result));
    assert.match(result, message);
    assert.equal(read([...bytes].map((byte) => Buffer.of(byte))), result, 'byte by byte');
  });
}

test('a line that ends without CR is rejected anywhere in a response', () => {
  const text = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nfoo: bar\r\n\r\n';
  const lines = text.split('\r\n').length - 1;
  for (let bare = 0; bare < lines; bare += 1) {
    let line = -1;
    const bytes = Buffer.from(
      text.replace(/\r\n/g, (end) => {
        line += 1;
        return line === bare ? '\n' : end;
      }),
    );
    const result = read([bytes]);
    assert.ok(typeof result === 'string', `line ${bare}`);
    assert.match(result, /^a line without CR/, `line ${bare}`);
  }
});

test('a watch may last forever: only the text between two chunks is limited', () => {
  const chunks = 20_000;
  const result = read([
    bytesOf('HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n'),
    ...Array.from({ length: chunks }, () => bytesOf('1;ext\nx\n')),
  ]);
  assert.ok(typeof result !== 'string', String(result));
  assert.equal(result.body.length, chunks);
});

test('one parser reads consecutive responses', () => {
  const heads: number[] = [];
  const parser = new ResponseParser({ head: ({ status }) => heads.push(status), data: () => {} });
  for (let i = 0; i < 3; i += 1) {
    parser.read(bytesOf(`HTTP/1.1 20${i} X\ncontent-length: 3\n\nabc`));
    assert.ok(parser.isDone);
    parser.next();
    assert.ok(!parser.isDone);
  }
  assert.deepEqual(heads, [200, 201, 202]);
});

test('the end of the connection completes a body without a length, and nothing else', () => {
  const ended = (text: string): boolean => {
    const parser = new ResponseParser({ head: () => {}, data: () => {} });
    parser.read(bytesOf(text));
    return parser.end();
  };
  assert.equal(ended(''), false);
  assert.equal(ended('HTTP/1.1 200'), false);
  assert.equal(ended('HTTP/1.1 200 OK\n'), false);
  assert.equal(ended('HTTP/1.1 200 OK\ncontent-length: 3\n\nab'), false);
  assert.equal(ended('HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n3\nabc\n'), false);
  assert.equal(ended('HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n0\n'), false);
  assert.equal(ended('HTTP/1.1 200 OK\n\nab'), true);
  assert.equal(ended('HTTP/1.1 200 OK\n\n'), true);
});

/**
 * Fragments of responses, valid and invalid, in any order: most combinations are rejected at some point, some
 * are not.
 */
const fragments = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 100 X\r\n', 'content-length: 3\r\n', '\r\n', '\n', '\r', 'abc'],
      ...['transfer-encoding: chunked\r\n', '3\r\n', '0\r\n', 'a: b\r\n', 'connection: close\r\n', ' '],
    ),
    fc.string({ maxLength: 5, unit: 'binary' }),
  ),
  { maxLength: 12 },
);

test('the result does not depend on how the bytes are split', () => {
  fc.assert(
    fc.property(fc.boolean(), fragments, fc.array(fc.nat(40), { maxLength: 8 }), (begun, parts, lengths) => {
      const bytes = Buffer.from((begun ? 'HTTP/1.1 200 OK\r\n' : '') + parts.join(''), 'latin1');
      const chunks: Buffer[] = [];
      let at = 0;
      for (const length of lengths) {
        chunks.push(bytes.subarray(at, at + length));
        at += length;
      }
      chunks.push(bytes.subarray(at));
      assert.deepEqual(read(chunks), read([bytes]));
    }),
    { numRuns: 2_000 },
  );
});
