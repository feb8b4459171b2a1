/**
 * Pushes the files in dist/release: the image, signed and with its SBOMs and provenance, and the chart, signed. Signs the checksums.
 *
 *   npm run push-release                    keyless, by the identity of the workflow that runs this
 *   npm run push-release -- --key FILE      with a private key of cosign, whose password is in COSIGN_PASSWORD
 *
 * The registries are those of package.json. The credentials are in REGISTRY_USER and REGISTRY_PASSWORD, or those of `docker login`.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { architectures } from '../image/platform.ts';
import { checksumsOf, ReleaseFiles } from './files.ts';
import { ReleaseError, runScript } from './script.ts';
import { type ReleaseSettings, releaseSettings } from './settings.ts';
import { type RunTool, runTools } from './tools.ts';

/** Where a release goes: the names in `ReleaseSettings`, here maybe in another registry. */
export interface Destination extends Pick<ReleaseSettings, 'image' | 'version' | 'charts' | 'chartVersion'> {
  /** Whether the registry speaks HTTP, as one on loopback does. */
  readonly isPlain: boolean;
}

/** Logs in to the registry of the image. Helm and cosign read the same credentials. */
async function logIn(run: RunTool, { image }: Destination, env: NodeJS.ProcessEnv): Promise<void> {
  const { REGISTRY_USER: user, REGISTRY_PASSWORD: password } = env;
  if (!user || !password) return;
  const [host = ''] = image.split('/');
  await run('crane', ['auth', 'login', host, '--username', user, '--password-stdin'], password);
}

/** Pushes the image for all platforms from an OCI layout. Returns its reference by digest. */
export async function pushImage(
  run: RunTool,
  { image, version }: Destination,
  layout: string,
): Promise<string> {
  const tagged = `${image}:v${version}`;
  const index = readFileSync(join(layout, 'index.json'));
  await requireUnused(run, tagged, ({ text }) => text === index.toString());
  await run('crane', ['push', '--index', layout, tagged]);
  return withDigest(run, tagged);
}

interface PushedManifest {
  readonly text: string;
  readonly layers: readonly string[];
}

/** Rejects if the tag exists with other content: users rely on a tag that never moves. */
async function requireUnused(
  run: RunTool,
  tagged: string,
  isSame: (existing: PushedManifest) => boolean,
): Promise<void> {
  let text: string;
  try {
    text = await run('crane', ['manifest', tagged]);
  } catch {
    // Registries report in different ways that there is no such tag. If the registry cannot be reached, the push fails.
    return;
  }
  const { layers = [] } = JSON.parse(text) as { layers?: { digest: string }[] };
  if (!isSame({ text, layers: layers.map(({ digest }) => digest) }))
    throw new ReleaseError(
      `${tagged} exists, with other content. A tag is never moved: choose a new version with \`npm run prepare-release\`.`,
    );
}

/** The reference of an image by digest. */
export async function withDigest(run: RunTool, tagged: string): Promise<string> {
  const digest = await run('crane', ['digest', tagged]);
  return `${tagged.replace(/:[^:/]+$/, '')}@${digest.trim()}`;
}

/** Pushes the package of a chart. Returns its reference by digest. */
export async function pushChart(
  run: RunTool,
  { charts, chartVersion, isPlain }: Destination,
  chart: string,
): Promise<string> {
  const tagged = `${charts.replace('oci://', '')}/kube-vip-cloud-provider:${chartVersion}`;
  const digest = `sha256:${createHash('sha256').update(readFileSync(chart)).digest('hex')}`;
  await requireUnused(run, tagged, ({ layers }) => layers.includes(digest));
  const output = await run('helm', ['push', chart, charts, ...(isPlain ? ['--plain-http'] : [])]);
  const [, pushed] = /^Pushed: (\S+):/m.exec(output) ?? [];
  const [, manifest] = /^Digest: (sha256:\w+)$/m.exec(output) ?? [];
  if (pushed === undefined || manifest === undefined)
    throw new ReleaseError(`helm push printed no reference and digest:\n${output}`);
  return `${pushed}@${manifest}`;
}

/** The image of one platform, by digest. */
export async function platformImage(run: RunTool, image: string, architecture: string): Promise<string> {
  const digest = await run('crane', ['digest', '--platform', `linux/${architecture}`, image]);
  return `${image.replace(/@.*/, '')}@${digest.trim()}`;
}

/** Signs with a private key, or without one by the identity of the workflow. */
export class Signer {
  readonly #run: RunTool;
  readonly #flags: readonly string[];

  constructor(run: RunTool, key: string | undefined) {
    this.#run = run;
    // A signature by a key is not recorded in the public log, which only a keyless one needs.
    this.#flags = ['--yes', ...(key === undefined ? [] : ['--key', key, '--tlog-upload=false'])];
  }

  /** Signs an image or a chart, and with `recursive` the image of each platform, too. */
  async sign(reference: string, { recursive = false } = {}): Promise<void> {
    await this.#run('cosign', ['sign', ...this.#flags, ...(recursive ? ['--recursive'] : []), reference]);
  }

  /** Attaches a signed statement of a type that cosign knows. */
  async attest(reference: string, type: AttestationType, predicate: string): Promise<void> {
    await this.#run('cosign', [
      'attest',
      ...this.#flags,
      '--type',
      type,
      '--predicate',
      predicate,
      reference,
    ]);
  }

  async signFile(file: string, bundle: string): Promise<void> {
    await this.#run('cosign', ['sign-blob', ...this.#flags, '--new-bundle-format', '--bundle', bundle, file]);
  }
}

/** The types of statements about an image. cosign changes the spelling of fields if its own name for provenance is used. */
export const attestationTypes = { sbom: 'cyclonedx', provenance: 'https://slsa.dev/provenance/v1' } as const;

export type AttestationType = (typeof attestationTypes)[keyof typeof attestationTypes];

export interface Pushed {
  /** By digest. */
  readonly image: string;
  readonly chart: string;
}

/** Pushes and signs everything. Each step can be repeated. */
export async function pushRelease(
  run: RunTool,
  to: Destination,
  key: string | undefined,
  files: ReleaseFiles,
): Promise<Pushed> {
  if (!existsSync(files.checksums) || readFileSync(files.checksums, 'utf8') !== checksumsOf(files.downloads))
    throw new ReleaseError(
      `${files.checksums} does not exist, or does not fit the other files. Run: npm run release`,
    );
  const signer = new Signer(run, key);
  const image = await pushImage(run, to, files.layout);
  await signer.sign(image, { recursive: true });
  for (const architecture of architectures)
    await signer.attest(
      await platformImage(run, image, architecture),
      attestationTypes.sbom,
      files.sbom(architecture),
    );
  await signer.attest(image, attestationTypes.provenance, files.provenance);
  const chart = await pushChart(run, to, files.chart);
  await signer.sign(chart);
  await signer.signFile(files.checksums, files.signature);
  return { image, chart };
}

/** The registries of package.json. */
export function publicDestination(root: string): Destination {
  return { ...releaseSettings(root), isPlain: false };
}

async function main(): Promise<void> {
  const root = resolve(import.meta.dirname, '..', '..');
  const { key } = parseArgs({ options: { key: { type: 'string' } } }).values;
  const files = new ReleaseFiles(join(root, 'dist', 'release'), releaseSettings(root));
  const [run, to] = [runTools(), publicDestination(root)];
  await logIn(run, to, process.env);
  const { image, chart } = await pushRelease(run, to, key, files);
  console.log(`${image}\n${chart}`);
}

if (import.meta.main) await runScript('push-release', main);
