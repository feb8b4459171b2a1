import { createHash } from 'node:crypto';

/**
 * Signs a 64-bit Mach-O program ad hoc, which means without an identity: macOS on Apple silicon starts no program without a
 * signature. The same as `codesign --sign -`, which exists only on macOS (cs_blobs.h of xnu; loader.h).
 */
export function signAdHoc(program: Buffer, identifier: string): Buffer {
  const layout = readLayout(program);
  const { linkedit, text } = layout;
  const codeLimit = align(layout.codeEnd, 16);
  const pages = Math.ceil(codeLimit / pageSize);
  const name = Buffer.from(`${identifier}\0`);
  const hashOffset = directoryHeaderSize + name.length;
  const directorySize = hashOffset + pages * hashSize;
  const signatureSize = superBlobHeaderSize + directorySize;

  const signed = Buffer.alloc(codeLimit + signatureSize);
  program.copy(signed, 0, 0, layout.codeEnd);
  writeSignatureCommand(signed, layout, codeLimit, signatureSize);
  const linkeditSize = signed.length - linkedit.fileOffset;
  signed.writeBigUInt64LE(BigInt(align(linkeditSize, segmentAlignment)), linkedit.at + 0x20);
  signed.writeBigUInt64LE(BigInt(linkeditSize), linkedit.at + 0x30);

  let at = codeLimit;
  const write32 = (...values: number[]): void => {
    for (const value of values) at = signed.writeUInt32BE(value, at);
  };
  const write64 = (value: number): void => {
    at = signed.writeBigUInt64BE(BigInt(value), at);
  };
  // One blob, of type CodeDirectory (0).
  write32(0xfade0cc0, signatureSize, 1, 0, superBlobHeaderSize);
  const version = 0x20400;
  const isAdHoc = 0x2;
  write32(0xfade0c02, directorySize, version, isAdHoc, hashOffset, directoryHeaderSize);
  const specialSlots = 0;
  write32(specialSlots, pages, codeLimit);
  const sha256 = 2;
  at = signed.writeUInt8(hashSize, at);
  at = signed.writeUInt8(sha256, at);
  at = signed.writeUInt8(0, at);
  at = signed.writeUInt8(Math.log2(pageSize), at);
  // Spare, scatter, team, spare; and the limit of code above 4 GiB.
  write32(0, 0, 0, 0);
  write64(0);
  write64(text.fileOffset);
  write64(text.fileSize);
  const isMainBinary = 1;
  write64(isMainBinary);
  at += name.copy(signed, at);
  for (let page = 0; page < pages; page += 1) {
    const bytes = signed.subarray(page * pageSize, Math.min((page + 1) * pageSize, codeLimit));
    at += createHash('sha256').update(bytes).digest().copy(signed, at);
  }
  return signed;
}

const pageSize = 4096;
const hashSize = 32;
const directoryHeaderSize = 88;
const superBlobHeaderSize = 20;
/** Of pages on Apple silicon. */
const segmentAlignment = 0x4000;
const headerSize = 32;
const signatureCommandSize = 16;
const command = { segment64: 0x19, codeSignature: 0x1d } as const;

interface Segment {
  /** Of its load command. */
  readonly at: number;
  readonly fileOffset: number;
  readonly fileSize: number;
}

interface Layout {
  readonly text: Segment;
  /** The last segment. The signature is at its end. */
  readonly linkedit: Segment;
  /** Of the load command of an earlier signature, or behind the last load command. */
  readonly signatureAt: number;
  readonly hasSignature: boolean;
  /** The end of what is signed. */
  readonly codeEnd: number;
}

function readLayout(program: Buffer): Layout {
  if (program.readUInt32LE(0) !== 0xfeedfacf) throw new Error('The program is not a 64-bit Mach-O file.');
  const segments = new Map<string, Segment>();
  let signatureAt: number | undefined;
  let firstSection = program.length;
  let at = headerSize;
  for (let i = 0; i < program.readUInt32LE(16); i += 1) {
    const kind = program.readUInt32LE(at);
    if (kind === command.codeSignature) signatureAt = at;
    if (kind === command.segment64) {
      const name = program.toString('latin1', at + 8, at + 24).replace(/\0.*$/s, '');
      segments.set(name, {
        at,
        fileOffset: Number(program.readBigUInt64LE(at + 0x28)),
        fileSize: Number(program.readBigUInt64LE(at + 0x30)),
      });
      for (let section = 0; section < program.readUInt32LE(at + 0x40); section += 1) {
        const offset = program.readUInt32LE(at + 72 + section * 80 + 48);
        if (offset > 0) firstSection = Math.min(firstSection, offset);
      }
    }
    at += program.readUInt32LE(at + 4);
  }
  const [text, linkedit] = [segments.get('__TEXT'), segments.get('__LINKEDIT')];
  if (text === undefined || linkedit === undefined)
    throw new Error('The program has no __TEXT or __LINKEDIT.');
  if (signatureAt === undefined && at + signatureCommandSize > firstSection)
    throw new Error('The program has no room for the load command of a signature.');
  const codeEnd =
    signatureAt === undefined
      ? linkedit.fileOffset + linkedit.fileSize
      : program.readUInt32LE(signatureAt + 8);
  return { text, linkedit, signatureAt: signatureAt ?? at, hasSignature: signatureAt !== undefined, codeEnd };
}

function writeSignatureCommand(
  program: Buffer,
  { signatureAt, hasSignature }: Layout,
  offset: number,
  size: number,
): void {
  [command.codeSignature, signatureCommandSize, offset, size].forEach((value, index) => {
    program.writeUInt32LE(value, signatureAt + index * 4);
  });
  if (hasSignature) return;
  program.writeUInt32LE(program.readUInt32LE(16) + 1, 16);
  program.writeUInt32LE(program.readUInt32LE(20) + signatureCommandSize, 20);
}

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
