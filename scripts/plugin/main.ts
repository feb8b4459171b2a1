/**
 * Builds `kubectl vip` for people who have no Node: one program for each platform, in an archive with the licenses, and the
 * manifest for krew.
 *
 *   npm run plugin                                   all platforms, into dist/plugin
 *   npm run plugin -- --platform linux/amd64         only this one; repeat it for several
 *
 * Downloads only the packages of Node that package-lock.json pins, once. The same sources give the same bytes. Exit codes: 0 built,
 * 1 failed, 2 wrong usage.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../../test/controlplane/binaries.ts';
import { buildDistribution, distribution } from '../build.ts';
import { runBuild } from '../command-line.ts';
import { ImageError } from '../image/failure.ts';
import { nodeBinary, nodeVersion } from '../image/node-binary.ts';
import { type Platform, platforms } from '../platforms.ts';
import { type ArchivedFile, tarGz } from './archive.ts';
import { executable } from './executable.ts';
import { type KrewArchive, krewManifest } from './krew.ts';

export interface PluginOptions {
  /** The checkout. */
  readonly root: string;
  /** Replaced. */
  readonly outdir: string;
  readonly version: string;
  readonly platforms: readonly Platform[];
  readonly progress: (text: string) => void;
}

const name = 'kubectl-vip';

/** Builds the programs, their archives, that of the script for Node, the krew manifest, and SHA256SUMS. Returns the file names. */
export async function buildPlugin(options: PluginOptions): Promise<string[]> {
  const { root, outdir, version, progress } = options;
  const cache = join(cacheFolder(process.env), 'image');
  progress('Bundling the script ...');
  const script = await bundle(options);
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const sums = new Map<string, string>();
  const add = (file: string, content: Buffer): string => {
    writeFileSync(join(outdir, file), content);
    const sum = createHash('sha256').update(content).digest('hex');
    sums.set(file, sum);
    return sum;
  };
  add(
    `${name}.tar.gz`,
    tarGz([...script.others, { name: `${name}.js`, content: script.text, isProgram: true }]),
  );
  const archives: KrewArchive[] = [];
  for (const platform of options.platforms) {
    progress(`${platform}: Building (downloads Node once) ...`);
    // The format of what it adds to the program can differ between versions.
    const required = `v${nodeVersion(root, platform)}`;
    if (process.version !== required)
      throw new ImageError(`Only Node ${required} can build the plugin, and this is ${process.version}.`);
    const node = nodeBinary(root, cache, platform);
    const program = executable({ platform, script: script.text, node: node.program, name });
    const extension = platform.startsWith('windows/') ? '.exe' : '';
    const file = programFile(platform);
    add(file, program);
    chmodSync(join(outdir, file), 0o755);
    const archive = archiveFile(platform);
    const content = tarGz([
      ...script.others.filter(({ name }) => name !== 'package.json'),
      { name: 'LICENSE.node', content: node.license },
      { name: name + extension, content: program, isProgram: true },
    ]);
    progress(`${platform}: ${megabytes(program)}, ${megabytes(content)} compressed`);
    archives.push({ platform, name: archive, program: name + extension, sha256: add(archive, content) });
  }
  add('vip.yaml', Buffer.from(krewManifest(root, version, archives)));
  const lines = [...sums].map(([file, sum]) => `${sum}  ${file}\n`);
  writeFileSync(join(outdir, 'SHA256SUMS'), lines.sort().join(''));
  return [...sums.keys(), 'SHA256SUMS'];
}

/** The archive of a platform, in the output folder. */
export function archiveFile(platform: Platform): string {
  return `${name}-${platform.replace('/', '-')}.tar.gz`;
}

/** The program of a platform, in the output folder. */
export function programFile(platform: Platform): string {
  return `${name}-${platform.replace('/', '-')}${platform.startsWith('windows/') ? '.exe' : ''}`;
}

interface Script {
  readonly text: string;
  /** What accompanies it in an archive. */
  readonly others: readonly ArchivedFile[];
}

async function bundle({ root, version }: PluginOptions): Promise<Script> {
  const outdir = mkdtempSync(join(tmpdir(), 'kvcp-plugin-'));
  try {
    const plan = distribution(root);
    await buildDistribution({ ...plan, outdir, version, entry: undefined });
    const read = (file: string): Buffer => readFileSync(join(outdir, file));
    return {
      text: read(`${name}.js`).toString('utf8'),
      others: [
        { name: 'LICENSE', content: readFileSync(join(root, 'LICENSE')) },
        { name: 'LICENSES', content: read('LICENSES') },
        { name: 'kubectl_complete-vip', content: read('kubectl_complete-vip'), isProgram: true },
        { name: 'package.json', content: read('package.json') },
      ],
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function megabytes({ length }: Buffer): string {
  return `${(length / 1e6).toFixed(1)} MB`;
}

const usage = `Builds kubectl vip into dist/plugin, as one program for each platform.

Usage: npm run plugin [-- FLAG...]

  --platform OS/ARCH   only this platform: ${platforms.join(', ')}; repeat it for several
  --help               print this text
`;

function parse(args: string[]) {
  const options = {
    platform: { type: 'string', multiple: true },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  const { values } = parseArgs({ args, options });
  const chosen = (values.platform ?? platforms).map((given) => {
    const known = platforms.find((platform) => platform === given);
    if (known === undefined)
      throw new Error(`Unknown platform ${given}. Use one of ${platforms.join(', ')}.`);
    return known;
  });
  return { help: values.help, platforms: chosen };
}

async function build(
  { platforms }: ReturnType<typeof parse>,
  progress: PluginOptions['progress'],
): Promise<string[]> {
  const root = resolve(import.meta.dirname, '..', '..');
  const outdir = join(root, 'dist', 'plugin');
  const { version } = distribution(root);
  const files = await buildPlugin({ root, outdir, version, platforms, progress });
  return files.map((file) => join(outdir, file));
}

if (import.meta.main)
  process.exitCode = await runBuild({ name: 'plugin', usage, parse, build }, process.argv.slice(2));
