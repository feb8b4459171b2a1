/**
 * Rehearses a release on this machine: builds all files, pushes them to a registry on loopback, signs them with a throw-away key,
 * verifies them, and pulls them again. Only the public registries and keyless signing are left out.
 *
 *   npm run controlplane -- cosign    builds cosign once, which takes several minutes
 *   npm run rehearse-release
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { architectures } from '../image/platform.ts';
import { buildRelease } from './artifacts.ts';
import type { ReleaseFiles } from './files.ts';
import { attestationTypes, type Destination, platformImage, pushRelease } from './push.ts';
import { startRegistry } from './registry.ts';
import { ReleaseError, runScript } from './script.ts';
import { releaseSettings } from './settings.ts';
import { type RunTool, runTools } from './tools.ts';
import { attested, byKey, type Trust, verifyRelease } from './verify.ts';

const root = resolve(import.meta.dirname, '..', '..');
const work = mkdtempSync(join(tmpdir(), 'kvcp-release-'));
const progress = (text: string): void => void process.stderr.write(`rehearse-release: ${text}\n`);

/** Creates a pair of keys with this name: the file of the private one, and what trusts the public one. */
async function createKeys(run: RunTool, name: string): Promise<{ key: string; trust: Trust }> {
  const [prefix, trustedRoot] = [join(work, name), join(work, `${name}.root.json`)];
  await run('cosign', ['generate-key-pair', '--output-key-prefix', prefix]);
  // Without a trusted root, cosign asks the public services for one, and waits for minutes if it cannot reach them.
  await run('cosign', ['trusted-root', 'create', '--out', trustedRoot]);
  return { key: `${prefix}.key`, trust: [...byKey(`${prefix}.pub`), '--trusted-root', trustedRoot] };
}

/** The statements and files in the registry are those that were built. */
async function comparePulled(
  run: RunTool,
  to: Destination,
  trust: Trust,
  files: ReleaseFiles,
): Promise<void> {
  const index = `${to.image}:v${to.version}`;
  await run('crane', ['validate', '--remote', index]);
  const parse = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
  for (const architecture of architectures) {
    const image = await platformImage(run, index, architecture);
    assert.deepEqual(await attested(run, trust, attestationTypes.sbom, image), [
      parse(files.sbom(architecture)),
    ]);
  }
  const [provenance] = await attested(run, trust, attestationTypes.provenance, index);
  assert.deepEqual(provenance, parse(files.provenance));
  const pulled = join(work, 'pulled');
  mkdirSync(pulled);
  const chart = `${to.charts}/kube-vip-cloud-provider`;
  await run('helm', ['pull', chart, '--version', to.chartVersion, '--plain-http', '--destination', pulled]);
  const again = join(pulled, basename(files.chart));
  assert.ok(readFileSync(again).equals(readFileSync(files.chart)), 'the chart is the same');
  await run('helm', ['template', 'rehearsal', again]);
}

async function rehearse(): Promise<void> {
  const run = runTools({ COSIGN_PASSWORD: '', HOME: work });
  const { key, trust } = await createKeys(run, 'release');
  const files = await buildRelease({
    root,
    folder: join(work, 'files'),
    builder: { id: 'local', invocation: 'rehearsal' },
    progress,
  });
  const registry = await startRegistry();
  try {
    const to: Destination = {
      ...releaseSettings(root),
      image: `${registry.host}/kube-vip-cloud-provider`,
      charts: `oci://${registry.host}/charts`,
      isPlain: true,
    };
    progress('Pushing and signing ...');
    const { image, chart } = await pushRelease(run, to, key, files);
    progress('Verifying and pulling ...');
    await verifyRelease(run, to, trust, files);
    await comparePulled(run, to, trust, files);
    const other = await createKeys(run, 'other');
    await assert.rejects(verifyRelease(run, to, other.trust, files), ReleaseError, 'another key');
    appendFileSync(files.checksums, 'changed\n');
    await assert.rejects(verifyRelease(run, to, trust, files), /verify-blob/, 'changed checksums');
    console.log(`Pushed, signed, verified, and pulled again:\n${image}\n${chart}`);
  } finally {
    registry.stop();
  }
}

try {
  await runScript('rehearse-release', rehearse);
} finally {
  rmSync(work, { recursive: true, force: true });
}
