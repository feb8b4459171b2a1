/**
 * Packs dist/ for krew, the plugin manager that installs `kubectl vip`: an archive, and a manifest with its checksum.
 * The archive is reproducible.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { distribution } from './build.ts';

const packedFiles = ['LICENSES', 'kubectl-vip.js', 'kubectl_complete-vip', 'package.json'];

export interface KrewFiles {
  archive: string;
  manifest: string;
}

/** Reads the built files in `outdir` and writes there. Requires GNU tar. */
export function packForKrew(root: string, outdir: string, version: string): KrewFiles {
  const missing = packedFiles.filter((name) => !existsSync(join(outdir, name)));
  if (missing.length > 0)
    throw new Error(`krew: Missing in ${outdir}: ${missing.join(', ')}. Run: npm run build`);
  const flags = ['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
  const tar = execFileSync('tar', ['-c', ...flags, '-C', outdir, ...packedFiles], { maxBuffer: 1 << 28 });
  const archive = gzipSync(tar, { level: 9 });
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const text = readFileSync(join(root, 'deploy/krew/vip.yaml'), 'utf8')
    .replace(/^#.*\n/, '')
    .replaceAll(/\bVERSION\b/g, `v${version}`)
    .replace(/\bSHA256\b/, sha256);
  const files = { archive: join(outdir, 'kubectl-vip.tar.gz'), manifest: join(outdir, 'vip.yaml') };
  writeFileSync(files.archive, archive);
  writeFileSync(files.manifest, text);
  return files;
}

if (import.meta.main) {
  const { root, outdir, version } = distribution(resolve(import.meta.dirname, '..'));
  const { archive, manifest } = packForKrew(root, outdir, version);
  console.log(`${archive}\n${manifest}`);
}
