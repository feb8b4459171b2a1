/**
 * Builds the OCI image without a container engine, from packages of npm and Debian that lock files pin.
 *
 *   npm run image                      both platforms, into dist/image
 *   npm run image -- --refresh         pin the current versions of the Debian packages first
 *
 * The same sources give the same bytes. Exit codes: 0 built, 1 failed, 2 wrong usage.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../../test/controlplane/binaries.ts';
import { buildDistribution, distribution } from '../build.ts';
import { runBuild } from '../command-line.ts';
import { releaseSettings, taggedImage } from '../release/settings.ts';
import { addApp, configOf } from './app.ts';
import { run } from './command.ts';
import { nodeVersion } from './node-binary.ts';
import { Layout } from './oci.ts';
import { readLock, refreshLock } from './packages.ts';
import { type Architecture, architectures } from './platform.ts';
import { addRuntime } from './root.ts';
import { sbomOf } from './sbom.ts';

export interface ImageOptions {
  /** The checkout. */
  readonly root: string;
  readonly outdir: string;
  /** Repository and tag. */
  readonly name: string;
  readonly platforms: readonly Architecture[];
  readonly progress: (text: string) => void;
}

/** Builds the image into `outdir`: a folder with the OCI layout for all platforms, and a file and an SBOM for each one. */
export async function buildImage({ root, outdir, name, platforms, progress }: ImageOptions): Promise<void> {
  const cache = join(cacheFolder(process.env), 'image');
  const lock = readLock(root);
  const created = createdAt(root);
  const version = name.slice(name.lastIndexOf(':') + 1);
  mkdirSync(outdir, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'kvcp-image-'));
  try {
    progress('Bundling the controller ...');
    const bundles = join(work, 'bundles');
    const { packages } = await buildDistribution({
      ...distribution(root),
      outdir: bundles,
      tools: [],
      scripts: [],
    });
    const app = join(work, 'app');
    mkdirSync(app);
    addApp(app, root, bundles);
    const config = configOf(root, created, { VERSION: version, REVISION: revision(root) });
    const roots = new Map<Architecture, string[]>();
    for (const architecture of platforms) {
      progress(`Assembling linux/${architecture} (downloads packages once) ...`);
      const runtime = join(work, `runtime-${architecture}`);
      mkdirSync(runtime);
      addRuntime(runtime, { root, cache, lock, architecture });
      roots.set(architecture, [runtime, app]);
      const sbom = sbomOf({
        version,
        created,
        architecture,
        lock,
        nodeVersion: nodeVersion(root, `linux/${architecture}`),
        bundled: packages,
      });
      writeFileSync(sbomFile(outdir, architecture), `${JSON.stringify(sbom, undefined, 2)}\n`);
    }
    progress('Compressing the layers ...');
    const layout = new Layout(join(outdir, 'oci'));
    const images = [...roots].map(([architecture, layers]) => layout.add(architecture, layers, config));
    layout.finish(images, name);
    for (const image of images) {
      layout.pack(tarFile(outdir, image.architecture), image, name);
      const bytes = image.layers.reduce((sum, { size }) => sum + size, 0);
      progress(`linux/${image.architecture}: ${(bytes / 1e6).toFixed(1)} MB compressed`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export function tarFile(outdir: string, architecture: Architecture): string {
  return join(outdir, `kube-vip-cloud-provider-linux-${architecture}.tar`);
}

export function sbomFile(outdir: string, architecture: Architecture): string {
  return join(outdir, `kube-vip-cloud-provider-linux-${architecture}.cdx.json`);
}

/** The time of the commit, in RFC 3339: the current time would make each build different. */
function createdAt(root: string): string {
  const { SOURCE_DATE_EPOCH: given } = process.env;
  const seconds = given ?? run('git', ['log', '-1', '--format=%ct'], { cwd: root });
  return new Date(Number(seconds) * 1000).toISOString();
}

function revision(root: string): string {
  return run('git', ['rev-parse', 'HEAD'], { cwd: root }).trim();
}

const options = {
  refresh: { type: 'boolean', default: false },
  platform: { type: 'string', multiple: true },
  name: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const usage = `Builds the OCI image into dist/image, without a container engine.

Usage: npm run image [-- FLAG...]

  --platform amd64|arm64   only this platform; repeat it for several
  --name REPOSITORY:TAG    the name of the image, by default the one in the manifest
  --refresh                pin the current versions of the Debian packages first
  --help                   print this text
`;

function parse(args: string[]) {
  const { values } = parseArgs({ args, options });
  const platforms = (values.platform ?? architectures).map((given) => {
    const known = architectures.find(
      (architecture) => given === architecture || given === `linux/${architecture}`,
    );
    if (known === undefined) throw new Error(`Unknown platform ${given}. Use ${architectures.join(' or ')}.`);
    return known;
  });
  if (values.name !== undefined && !/^[^\s:]+(:\d+\/[^\s:]+)?:[\w][\w.-]{0,127}$/.test(values.name))
    throw new Error(
      `${values.name} is not a name with a tag, such as registry.example.com/kube-vip-cloud-provider:v0.1.0.`,
    );
  return { ...values, platforms };
}

async function build(
  { refresh, name, platforms }: ReturnType<typeof parse>,
  progress: ImageOptions['progress'],
): Promise<string[]> {
  const root = resolve(import.meta.dirname, '..', '..');
  if (refresh) {
    progress('Reading the package lists of Debian ...');
    refreshLock(root, join(cacheFolder(process.env), 'image'));
  }
  const outdir = join(root, 'dist', 'image');
  await buildImage({ root, outdir, name: name ?? taggedImage(releaseSettings(root)), platforms, progress });
  return platforms.map((platform) => tarFile(outdir, platform));
}

if (import.meta.main)
  process.exitCode = await runBuild({ name: 'image', usage, parse, build }, process.argv.slice(2));
