/**
 * Makes what krew installs `kubectl vip` from, out of dist/: the archive, and the manifest with its checksum. The same
 * dist/ gives the same archive.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { distribution } from './build.ts';

const files = ['LICENSES', 'kubectl-vip.js', 'kubectl_complete-vip', 'package.json'];

export interface KrewFiles {
  archive: string;
  manifest: string;
}

/** Reads the built files in `outdir`, and writes beside them. Needs a GNU tar. */
export function packForKrew(root: string, outdir: string, version: string): KrewFiles {
  const missing = files.filter((name) => !existsSync(join(outdir, name)));
  if (missing.length > 0)
    throw new Error(`krew: ${missing.join(', ')} is not in ${outdir}. Run npm run build.`);
  const flags = ['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
  const tar = execFileSync('tar', ['-c', ...flags, '-C', outdir, ...files], { maxBuffer: 1 << 28 });
  const packed = gzipSync(tar, { level: 9 });
  const sha256 = createHash('sha256').update(packed).digest('hex');
  const text = readFileSync(join(root, 'deploy/krew/vip.yaml'), 'utf8')
    .replace(/^#.*\n/, '')
    .replaceAll(/\bVERSION\b/g, `v${version}`)
    .replace(/\bSHA256\b/, sha256);
  const made = { archive: join(outdir, 'kubectl-vip.tar.gz'), manifest: join(outdir, 'vip.yaml') };
  writeFileSync(made.archive, packed);
  writeFileSync(made.manifest, text);
  return made;
}

if (import.meta.main) {
  const { root, outdir, version } = distribution(resolve(import.meta.dirname, '..'));
  const { archive, manifest } = packForKrew(root, outdir, version);
  console.log(`${archive}\n${manifest}`);
}
