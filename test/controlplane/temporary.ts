import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  path: string;
  remove(): void;
}

const folders = new Set<string>();

/** Creates a folder that is removed at the latest when the process exits. */
export function temporaryFolder(prefix: string): TemporaryFolder {
  if (folders.size === 0) process.once('exit', removeAll);
  const path = mkdtempSync(join(tmpdir(), prefix));
  folders.add(path);
  return {
    path,
    remove() {
      remove(path);
      folders.delete(path);
      if (folders.size === 0) process.off('exit', removeAll);
    },
  };
}

function removeAll(): void {
  for (const path of folders) remove(path);
}

/** Retries, because a server that still runs may create files meanwhile. */
function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}
