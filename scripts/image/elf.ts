import { ImageError } from './failure.ts';

/**
 * A program without what only debuggers and linkers read: its sections, which are stored behind everything that the kernel loads.
 * Works for programs of any architecture, unlike strip(1). 64-bit little-endian ELF only (elf(5)).
 */
export function withoutSections(program: Buffer): Buffer {
  const is64BitLittleEndian = program.subarray(0, 6).equals(Buffer.from('\x7fELF\x02\x01', 'latin1'));
  if (!is64BitLittleEndian) throw new ImageError('The Node program is not a 64-bit little-endian ELF file.');
  const headers = { at: Number(program.readBigUInt64LE(0x20)), size: program.readUInt16LE(0x36) };
  let end = 0;
  for (let i = 0; i < program.readUInt16LE(0x38); i += 1) {
    const at = headers.at + i * headers.size;
    const [offset, fileSize] = [program.readBigUInt64LE(at + 0x08), program.readBigUInt64LE(at + 0x20)];
    end = Math.max(end, Number(offset + fileSize));
  }
  const stripped = Buffer.from(program.subarray(0, end));
  // The section table is gone: its offset, the number of its entries, and the index of the names.
  stripped.writeBigUInt64LE(0n, 0x28);
  stripped.writeUInt16LE(0, 0x3c);
  stripped.writeUInt16LE(0, 0x3e);
  return stripped;
}
