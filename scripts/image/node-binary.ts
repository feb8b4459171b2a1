import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nodePackages, type Platform } from '../platforms.ts';
import { run } from './command.ts';
import { ImageError } from './failure.ts';

export interface NodeBinary {
  readonly program: Buffer;
  readonly license: Buffer;
}

/** The Node program of a platform: the npm package that package-lock.json pins, downloaded once into `cache`. */
export function nodeBinary(root: string, cache: string, platform: Platform): NodeBinary {
  const folder = nodePackage(root, cache, platform);
  const program = platform.startsWith('windows/') ? 'bin/node.exe' : 'bin/node';
  // The package for Windows has no license. That of Node is the same for all platforms.
  const licensed = existsSync(join(folder, 'LICENSE')) ? folder : nodePackage(root, cache, 'linux/amd64');
  return { program: readFileSync(join(folder, program)), license: readFileSync(join(licensed, 'LICENSE')) };
}

function nodePackage(root: string, cache: string, platform: Platform): string {
  const name = nodePackages[platform];
  const { version, integrity } = pinned(root, name);
  const folder = join(cache, `${name}-${version}`);
  if (!existsSync(folder)) download(cache, { name, version, integrity, folder });
  return join(folder, 'package');
}

interface Pinned {
  readonly version: string;
  /** A subresource integrity string: `sha512-` and base64. */
  readonly integrity: string;
}

/** The version of Node for a platform, which package-lock.json pins. */
export function nodeVersion(root: string, platform: Platform): string {
  return pinned(root, nodePackages[platform]).version;
}

function pinned(root: string, name: string): Pinned {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Partial<Pinned>>;
  };
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined)
    throw new ImageError(`package-lock.json doesn't pin ${name}. Run: npm install`);
  return { version, integrity };
}

function download(
  cache: string,
  { name, version, integrity, folder }: Pinned & { name: string; folder: string },
): void {
  mkdirSync(cache, { recursive: true });
  const temporary = mkdtempSync(join(cache, 'download-'));
  try {
    const [file = ''] = run('npm', ['pack', '--silent', `${name}@${version}`], { cwd: temporary })
      .trim()
      .split('\n');
    const archive = join(temporary, file);
    const actual = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (actual !== integrity)
      throw new ImageError(
        `${name} ${version} has the checksum ${actual}, but package-lock.json pins ${integrity}.`,
      );
    run('tar', ['-xzf', file], { cwd: temporary });
    rmSync(archive);
    // A folder in the cache is always complete.
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
