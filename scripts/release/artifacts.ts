/**
 * Builds all files of a release into dist/release: the image, its SBOMs and provenance, the manifest, the chart, the plugin's archives
 * and krew manifest, and the checksums. Pushes nothing.
 *
 *   npm run release
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { packChart } from '../chart.ts';
import { buildImage } from '../image/main.ts';
import { architectures } from '../image/platform.ts';
import { platforms } from '../platforms.ts';
import { buildPlugin } from '../plugin/main.ts';
import { checksumsOf, ReleaseFiles } from './files.ts';
import { type Builder, builderIn, provenanceOf } from './provenance.ts';
import { ReleaseError, runScript } from './script.ts';
import { releaseSettings, taggedImage } from './settings.ts';

export interface ReleaseOptions {
  readonly root: string;
  readonly folder: string;
  readonly builder: Builder;
  readonly progress: (text: string) => void;
}

export async function buildRelease(options: ReleaseOptions): Promise<ReleaseFiles> {
  const { root, folder, builder, progress } = options;
  const settings = releaseSettings(root);
  const files = new ReleaseFiles(folder, settings);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const name = taggedImage(settings);
  await buildImage({ root, outdir: folder, name, platforms: architectures, progress });
  progress('Packing the chart and the plugin ...');
  copyFileSync(join(root, 'manifest', basename(files.manifest)), files.manifest);
  packChart(root, folder);
  await addPlugin(options, settings.version);
  const provenance = provenanceOf(root, settings, builder);
  writeFileSync(files.provenance, `${JSON.stringify(provenance, undefined, 2)}\n`);
  writeFileSync(files.checksums, checksumsOf(files.downloads));
  return files;
}

/** The archives and the krew manifest, without the programs that the archives contain. */
async function addPlugin({ root, folder, progress }: ReleaseOptions, version: string): Promise<void> {
  const outdir = join(folder, 'plugin');
  const files = await buildPlugin({ root, outdir, version, platforms, progress });
  for (const file of files.filter((name) => name === 'vip.yaml' || name.endsWith('.tar.gz')))
    copyFileSync(join(outdir, file), join(folder, file));
  rmSync(outdir, { recursive: true });
}

/** Throws a `ReleaseError` if the workflow runs for a tag of another version. */
export function checkTag(version: string, env: Readonly<Record<string, string | undefined>>): void {
  const { GITHUB_REF_TYPE: type, GITHUB_REF_NAME: tag } = env;
  if (type === 'tag' && tag !== `v${version}`)
    throw new ReleaseError(
      `The tag is ${tag}, but package.json has version ${version}. Run \`npm run prepare-release -- VERSION\`, and tag that commit.`,
    );
}

async function main(): Promise<void> {
  const root = resolve(import.meta.dirname, '..', '..');
  checkTag(releaseSettings(root).version, process.env);
  const files = await buildRelease({
    root,
    folder: join(root, 'dist', 'release'),
    builder: builderIn(process.env),
    progress: (text) => void process.stderr.write(`release: ${text}\n`),
  });
  process.stdout.write(readFileSync(files.checksums, 'utf8'));
}

if (import.meta.main) await runScript('release', main);
