import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { run } from './command.ts';
import { withoutSections } from './elf.ts';
import { nodeBinary } from './node-binary.ts';
import { contents, debFile, type PackageLock } from './packages.ts';
import type { Architecture } from './platform.ts';

export interface RuntimeSources {
  readonly root: string;
  readonly cache: string;
  readonly lock: PackageLock;
  readonly architecture: Architecture;
}

/**
 * Writes the files of the image's runtime into `target`: libraries and certificates of Debian, and Node, at the paths that the
 * distroless images use. No shell, no package manager.
 */
export function addRuntime(target: string, { root, cache, lock, architecture }: RuntimeSources): void {
  for (const link of ['lib', 'lib64']) symlinkSync(`usr/${link}`, join(target, link));
  const certificates: Buffer[] = [];
  const unpacked = mkdtempSync(join(tmpdir(), 'kvcp-packages-'));
  try {
    for (const locked of lock.packages[architecture]) {
      const file = debFile(cache, lock, architecture, locked);
      run('dpkg-deb', ['-x', file, unpacked]);
      // Scanners read the versions of the packages here.
      write(target, `var/lib/dpkg/status.d/${locked.name}`, run('dpkg-deb', ['-f', file]));
    }
    const licenses = Object.keys(contents).map((name) => `usr/share/doc/${name}/copyright`);
    const wanted = ['usr/lib{,64}/ld-linux-*', ...licenses, ...Object.values(contents).flat()];
    for (const path of globSync(wanted, { cwd: unpacked }).sort()) {
      if (path.endsWith('.crt')) certificates.push(readFileSync(join(unpacked, path)));
      else cpSync(join(unpacked, path), join(target, path), { verbatimSymlinks: true });
    }
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
  symlinkSync('../usr/lib/os-release', mkdirFor(target, 'etc/os-release'));
  write(target, 'etc/ssl/certs/ca-certificates.crt', Buffer.concat(certificates));
  write(
    target,
    'etc/passwd',
    'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n',
  );
  write(target, 'etc/group', 'root:x:0:\nnonroot:x:65532:\n');
  write(target, 'etc/nsswitch.conf', 'hosts: files dns\n');
  const node = nodeBinary(root, cache, `linux/${architecture}`);
  write(target, 'nodejs/bin/node', withoutSections(node.program));
  chmodSync(join(target, 'nodejs/bin/node'), 0o755);
  write(target, 'nodejs/LICENSE', node.license);
}

function write(target: string, path: string, content: string | Buffer): void {
  writeFileSync(mkdirFor(target, path), content);
}

function mkdirFor(target: string, path: string): string {
  mkdirSync(join(target, dirname(path)), { recursive: true });
  return join(target, dirname(path), basename(path));
}
