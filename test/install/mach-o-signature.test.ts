import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { signAdHoc } from '../../scripts/plugin/mach-o-signature.ts';

const text = { offset: 0, size: 0x3000 };
const linkedit = { offset: 0x3000, size: 0x1234 };

/** A program with two segments, without a signature. Its content is random. */
function program(): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(0x400), randomBytes(linkedit.offset + linkedit.size - 0x400)]);
  const write32 = (at: number, ...values: number[]): void => {
    for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, at + i * 4);
  };
  // mach_header_64: arm64, an executable, two load commands.
  write32(0, 0xfeedfacf, 0x0100000c, 0, 2, 2, 72 + 80 + 72, 0x200085, 0);
  const segment = (at: number, name: string, { offset, size }: typeof text, sections: number): void => {
    write32(at, 0x19, 72 + sections * 80);
    bytes.write(name, at + 8);
    for (const [i, value] of [offset, size, offset, size].entries())
      bytes.writeBigUInt64LE(BigInt(value), at + 24 + i * 8);
    write32(at + 56, 5, 5, sections, 0);
  };
  segment(32, '__TEXT', text, 1);
  // The offset of the first section: the load commands have the space before it.
  write32(32 + 72 + 48, 0x400);
  segment(32 + 72 + 80, '__LINKEDIT', linkedit, 0);
  return bytes;
}

/** Offset and size of the signature, from its load command (LC_CODE_SIGNATURE). */
function signatureOf(bytes: Buffer): { offset: number; size: number } {
  let at = 32;
  for (let i = 0; i < bytes.readUInt32LE(16); i += 1) {
    if (bytes.readUInt32LE(at) === 0x1d)
      return { offset: bytes.readUInt32LE(at + 8), size: bytes.readUInt32LE(at + 12) };
    at += bytes.readUInt32LE(at + 4);
  }
  return assert.fail('no signature');
}

function verify(bytes: Buffer): void {
  const { offset, size } = signatureOf(bytes);
  assert.equal(offset + size, bytes.length);
  const directory = bytes.subarray(offset + bytes.readUInt32BE(offset + 16));
  const field = (index: number): number => directory.readUInt32BE(index * 4);
  assert.equal(field(0), 0xfade0c02);
  assert.equal(field(3), 0x2, 'ad hoc');
  assert.equal(field(8), offset, 'everything before the signature is signed');
  assert.equal(directory.toString('latin1', field(5), field(4)), 'kubectl-vip\0');
  assert.equal(field(7), Math.ceil(offset / 4096));
  for (let page = 0; page < field(7); page += 1) {
    const content = bytes.subarray(page * 4096, Math.min((page + 1) * 4096, offset));
    const hash = directory.subarray(field(4) + page * 32, field(4) + (page + 1) * 32);
    assert.deepEqual(createHash('sha256').update(content).digest(), hash, `page ${page}`);
  }
  assert.equal(directory.readBigUInt64BE(72), BigInt(text.size));
}

test('each page of the program has its hash in the signature, which __LINKEDIT contains', () => {
  const original = program();
  const signed = signAdHoc(original, 'kubectl-vip');
  verify(signed);
  const { offset, size } = signatureOf(signed);
  assert.equal(offset % 16, 0);
  assert.ok(signed.subarray(0x400, original.length).equals(original.subarray(0x400)));
  const linkeditAt = 32 + 72 + 80;
  assert.equal(Number(signed.readBigUInt64LE(linkeditAt + 48)), offset + size - linkedit.offset);
  assert.equal(Number(signed.readBigUInt64LE(linkeditAt + 32)) % 0x4000, 0);
});

test('another signature replaces the first one', () => {
  const original = program();
  const once = signAdHoc(original, 'kubectl-vip');
  assert.ok(signAdHoc(once, 'kubectl-vip').equals(once));
  verify(signAdHoc(signAdHoc(original, 'another name'), 'kubectl-vip'));
});

test('other files, and programs without room for the load command, are refused', () => {
  assert.throws(
    () => signAdHoc(Buffer.from('\x7fELF, for example, a longer file'), 'x'),
    /not a 64-bit Mach-O/,
  );
  const full = program();
  full.writeUInt32LE(32 + 72 + 80 + 72, 32 + 72 + 48);
  assert.throws(() => signAdHoc(full, 'x'), /no room for the load command/);
});
