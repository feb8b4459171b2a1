/**
 * Pushes the files in dist/release: the image, signed and with its SBOMs and provenance, and the chart, signed. Signs the checksums.
 *
 *   npm run push-release                    keyless, by the identity of the workflow that runs this
 *   npm run push-release -- --key FILE      with a private key of cosign, whose password is in COSIGN_PASSWORD
 *
 * The registries are those of package.json, and the credentials are those of docker login.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { architectures } from '../image/platform.ts';
import { ReleaseFiles } from './files.ts';
import { type ReleaseSettings, releaseSettings } from './settings.ts';
import { ReleaseError, type RunTool, runTools } from './tools.ts';

/** Where a release goes: the names in `ReleaseSettings`, here maybe in another registry. */
export interface Destination extends Pick<ReleaseSettings, 'image' | 'version' | 'charts' | 'chartVersion'> {
  /** Whether the registry speaks HTTP, as one on loopback does. */
  readonly isPlain: boolean;
}

/** Pushes the image for all platforms from an OCI layout. Returns its reference by digest. */
export async function pushImage(
  run: RunTool,
  { image, version }: Destination,
  layout: string,
): Promise<string> {
  const tagged = `${image}:v${version}`;
  await run('crane', ['push', '--index', layout, tagged]);
  return withDigest(run, tagged);
}

/** The reference of an image by digest. */
export async function withDigest(run: RunTool, tagged: string): Promise<string> {
  const digest = await run('crane', ['digest', tagged]);
  return `${tagged.replace(/:[^:/]+$/, '')}@${digest.trim()}`;
}

/** Pushes the package of a chart. Returns its reference by digest. */
export async function pushChart(
  run: RunTool,
  { charts, isPlain }: Destination,
  chart: string,
): Promise<string> {
  const output = await run('helm', ['push', chart, charts, ...(isPlain ? ['--plain-http'] : [])]);
  const [, pushed] = /^Pushed: (\S+):/m.exec(output) ?? [];
  const [, digest] = /^Digest: (sha256:\w+)$/m.exec(output) ?? [];
  if (pushed === undefined || digest === undefined)
    throw new ReleaseError(`helm push printed no reference and digest:\n${output}`);
  return `${pushed}@${digest}`;
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

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..', '..');
  const { key } = parseArgs({ options: { key: { type: 'string' } } }).values;
  const files = new ReleaseFiles(join(root, 'dist', 'release'), releaseSettings(root));
  try {
    const { image, chart } = await pushRelease(runTools(), publicDestination(root), key, files);
    console.log(`${image}\n${chart}`);
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    process.stderr.write(`push-release: ${error.message}\n`);
    process.exitCode = 1;
  }
}
