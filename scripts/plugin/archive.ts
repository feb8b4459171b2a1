import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface ArchivedFile {
  readonly name: string;
  readonly content: Buffer | string;
  readonly isProgram?: boolean;
}

/** A .tar.gz that depends on the files alone. Requires GNU tar. */
export function tarGz(files: readonly ArchivedFile[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'kvcp-archive-'));
  try {
    for (const { name, content, isProgram } of files) {
      writeFileSync(join(folder, name), content);
      chmodSync(join(folder, name), isProgram === true ? 0o755 : 0o644);
    }
    const flags = ['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
    const names = files.map(({ name }) => name).sort();
    const tar = execFileSync('tar', ['-c', ...flags, '-C', folder, ...names], { maxBuffer: 1 << 30 });
    return gzipSync(tar, { level: 6 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
