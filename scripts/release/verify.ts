/**
 * Verifies a release as its users can: the signatures of the image, its platforms, and the chart; the SBOMs; the provenance; and the
 * signature of the checksums in dist/release.
 *
 *   npm run verify-release                  signed by the workflow of the repository
 *   npm run verify-release -- --key FILE    signed with a key; FILE is the public one
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { architectures } from '../image/platform.ts';
import { ReleaseFiles } from './files.ts';
import {
  type AttestationType,
  attestationTypes,
  type Destination,
  platformImage,
  publicDestination,
  withDigest,
} from './push.ts';
import { runScript } from './script.ts';
import { type ReleaseSettings, releaseSettings } from './settings.ts';
import { type RunTool, runTools } from './tools.ts';

/** The flags of cosign that say which signature to accept. */
export type Trust = readonly string[];

/** Trusts a public key. */
export function byKey(key: string): Trust {
  return ['--key', key, '--insecure-ignore-tlog=true'];
}

/** Trusts the release workflow of the repository, for the tag of this version. */
export function byWorkflow({ repository, version }: ReleaseSettings): Trust {
  return [
    `--certificate-identity=${repository}/.github/workflows/release.yaml@refs/tags/v${version}`,
    '--certificate-oidc-issuer=https://token.actions.githubusercontent.com',
  ];
}

/** The signed statements of this type about an image: their predicates, as JSON values. */
export async function attested(
  run: RunTool,
  trust: Trust,
  type: AttestationType,
  reference: string,
): Promise<unknown[]> {
  const lines = await run('cosign', ['verify-attestation', ...trust, '--type', type, reference]);
  return lines
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => {
      const { payload } = JSON.parse(line) as { payload: string };
      const statement = JSON.parse(Buffer.from(payload, 'base64').toString()) as { predicate: unknown };
      return statement.predicate;
    });
}

/** Throws a `ReleaseError` if a signature or a statement is missing or not trusted. */
export async function verifyRelease(
  run: RunTool,
  { image, version, charts, chartVersion }: Destination,
  trust: Trust,
  files: ReleaseFiles,
): Promise<void> {
  const index = await withDigest(run, `${image}:v${version}`);
  await run('cosign', ['verify', ...trust, index]);
  for (const architecture of architectures) {
    const one = await platformImage(run, index, architecture);
    await run('cosign', ['verify', ...trust, one]);
    await attested(run, trust, attestationTypes.sbom, one);
  }
  await attested(run, trust, attestationTypes.provenance, index);
  const chart = `${charts.replace('oci://', '')}/kube-vip-cloud-provider:${chartVersion}`;
  await run('cosign', ['verify', ...trust, chart]);
  const bundle = ['--new-bundle-format', '--bundle', files.signature];
  await run('cosign', ['verify-blob', ...trust, ...bundle, files.checksums]);
}

async function main(): Promise<void> {
  const root = resolve(import.meta.dirname, '..', '..');
  const { key } = parseArgs({ options: { key: { type: 'string' } } }).values;
  const settings = releaseSettings(root);
  const files = new ReleaseFiles(join(root, 'dist', 'release'), settings);
  const trust = key === undefined ? byWorkflow(settings) : byKey(key);
  await verifyRelease(runTools(), publicDestination(root), trust, files);
  console.log('The image, the chart, and the checksums are signed.');
}

if (import.meta.main) await runScript('verify-release', main);
