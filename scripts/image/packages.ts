import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { ImageError } from './failure.ts';
import { type Architecture, architectures } from './platform.ts';

/** The Debian release of the image's libraries, the same as in the Dockerfile. */
const suite = 'trixie';

/** The packages in the image, and the files that it takes of each: globs of dpkg-deb's paths. */
export const contents: Readonly<Record<string, readonly string[]>> = {
  // Scanners need the release to find known vulnerabilities.
  'base-files': ['usr/lib/os-release'],
  'ca-certificates': ['usr/share/ca-certificates/mozilla/*.crt'],
  // Has the licenses of the other packages from GCC.
  'gcc-14-base': [],
  libatomic1: ['usr/lib/*/libatomic.so.1*'],
  libc6: ['usr/lib/*/{ld-linux-*,libc,libdl,libm,libpthread}.so.*'],
  'libgcc-s1': ['usr/lib/*/libgcc_s.so.1'],
  'libstdc++6': ['usr/lib/*/libstdc++.so.6*'],
};

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** What `deploy/image/packages.lock.json` contains. */
export interface PackageLock {
  readonly suite: string;
  readonly packages: Readonly<Record<Architecture, readonly LockedPackage[]>>;
}

export function lockFile(root: string): string {
  return join(root, 'deploy', 'image', 'packages.lock.json');
}

export function readLock(root: string): PackageLock {
  return JSON.parse(readFileSync(lockFile(root), 'utf8')) as PackageLock;
}

/** Writes the newest versions that the machine's Debian mirror has into the lock file. */
export function refreshLock(root: string, cache: string): PackageLock {
  const packages = Object.fromEntries(
    architectures.map((architecture) => {
      const apt = new Apt(cache, suite, architecture);
      apt.update();
      return [architecture, apt.newest(Object.keys(contents))];
    }),
  ) as Record<Architecture, LockedPackage[]>;
  const lock = { suite, packages };
  writeFileSync(lockFile(root), `${JSON.stringify(lock, undefined, 2)}\n`);
  return lock;
}

/** Downloads a pinned package, once, and returns its file. */
export function debFile(
  cache: string,
  lock: PackageLock,
  architecture: Architecture,
  one: LockedPackage,
): string {
  const file = join(cache, `${one.sha256}.deb`);
  if (!existsSync(file)) new Apt(cache, lock.suite, architecture).download(one, file);
  return file;
}

/** apt with its own lists and sources, so that it needs no root and changes nothing on the machine. */
class Apt {
  readonly #folder: string;
  readonly #options: string[];

  constructor(cache: string, release: string, architecture: Architecture) {
    this.#folder = join(cache, `apt-${release}-${architecture}`);
    mkdirSync(join(this.#folder, 'lists', 'partial'), { recursive: true });
    const sources = join(this.#folder, 'sources.list');
    writeFileSync(sources, sourcesOf(release));
    const settings = {
      'Dir::Etc::sourcelist': sources,
      'Dir::Etc::sourceparts': '-',
      'Dir::State': this.#folder,
      'Dir::State::lists': join(this.#folder, 'lists'),
      'Dir::State::status': '/dev/null',
      'Dir::Cache': this.#folder,
      'APT::Architecture': architecture,
      'APT::Architectures::': architecture,
      'APT::Sandbox::User': '',
      // Only the index of the packages.
      'Acquire::Languages': 'none',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    };
    this.#options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  }

  update(): void {
    run('apt-get', [...this.#options, '--error-on=any', 'update']);
  }

  newest(names: readonly string[]): LockedPackage[] {
    const lines = run('apt-get', [...this.#options, 'download', '--print-uris', ...names])
      .trim()
      .split('\n');
    return lines.map(lockedPackage).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  download({ name, version, sha256 }: LockedPackage, file: string): void {
    // The lists of a version that is in none of them are older than the version, or newer.
    if (!this.#has(name, version)) this.update();
    if (!this.#has(name, version))
      throw new ImageError(
        `The Debian mirror of this machine no longer has ${name} ${version}. Pin the current versions with: npm run image -- --refresh`,
      );
    const temporary = mkdtempSync(join(this.#folder, 'download-'));
    try {
      run('apt-get', [...this.#options, 'download', `${name}=${version}`], { cwd: temporary });
      const [downloaded = ''] = run('find', ['.', '-name', '*.deb'], { cwd: temporary }).trim().split('\n');
      const actual = createHash('sha256')
        .update(readFileSync(join(temporary, downloaded)))
        .digest('hex');
      if (actual !== sha256)
        throw new ImageError(
          `${name} ${version} has the SHA-256 ${actual}, but the lock file pins ${sha256}.`,
        );
      renameSync(join(temporary, downloaded), file);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }

  #has(name: string, version: string): boolean {
    const versions = run('apt-cache', [...this.#options, 'madison', name]).split('\n');
    return versions.some((line) => line.split('|')[1]?.trim() === version);
  }
}

/** A line of `apt-get download --print-uris`: the address in quotes, NAME_VERSION_ARCHITECTURE.deb, the size, and SHA256:DIGEST. */
function lockedPackage(line: string): LockedPackage {
  const [, name, version, sha256] =
    /^'\S+' ([^_\s]+)_([^_\s]+)_[^_\s]+\.deb \d+ SHA256:([0-9a-f]{64})$/.exec(line) ?? [];
  if (name === undefined || version === undefined || sha256 === undefined)
    throw new ImageError(`Cannot read what apt-get says about a package: ${line}`);
  return { name, version: decodeURIComponent(version), sha256 };
}

/** The mirrors that this machine uses for Debian, with another release. */
function sourcesOf(release: string): string {
  const [main, security] = mirrors();
  if (main === undefined || security === undefined)
    throw new ImageError(
      'apt on this machine knows no Debian mirror. Run `apt-get update` first, on Debian or in a container of it.',
    );
  const keyring = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
  return [
    `deb ${keyring} ${main} ${release} main`,
    `deb ${keyring} ${main} ${release}-updates main`,
    `deb ${keyring} ${security} ${release}-security main`,
    '',
  ].join('\n');
}

/** The mirrors of Debian and of its security updates, or undefined. A new container has not read the lists that name them. */
function mirrors(): (string | undefined)[] {
  const known = knownMirrors();
  if (!known.includes(undefined) || process.getuid?.() !== 0) return known;
  run('apt-get', ['update']);
  return knownMirrors();
}

function knownMirrors(): (string | undefined)[] {
  const format = '$(REPO_URI) $(LABEL)';
  const lines = run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']).split('\n');
  return ['Debian', 'Debian-Security'].map(
    (label) => lines.find((line) => line.endsWith(` ${label}`))?.split(' ')[0],
  );
}
