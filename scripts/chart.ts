/**
 * Writes the parts of the Helm chart that come from other places, and packages it:
 *
 *   npm run chart     copies deploy/admission and deploy/monitoring into the chart, writes its README, packs it into dist/
 *
 * Needs Helm and helm-docs, which `npm run controlplane` builds.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { locateBinaries } from '../test/controlplane/binaries.ts';
import { run } from './image/command.ts';
import { ReleaseError, runScript } from './release/script.ts';
import { pageAddress, type ReleaseSettings, releaseSettings } from './release/settings.ts';

const name = 'kube-vip-cloud-provider';

export function chartFolder(root: string): string {
  return join(root, 'charts', name);
}

/** What the generated files of the chart contain, by their paths in the chart. */
export function generatedFiles(root: string): Map<string, string> {
  const monitoring = ['alerts.yaml', 'dashboard.json'].map((file) => `monitoring/${file}`);
  const admission = readdirSync(join(root, 'deploy', 'admission')).map((file) => `admission/${file}`);
  const copies = [...admission, ...monitoring].map((path): [string, string] => [
    path,
    readFileSync(join(root, 'deploy', path), 'utf8'),
  ]);
  return new Map([...copies, ['README.md', readmeOf(chartFolder(root))]]);
}

function readmeOf(folder: string): string {
  const flags = ['--dry-run', '--log-level=error', '--sort-values-order=file'];
  return run(program('helmDocs', 'helm-docs'), flags, { cwd: folder });
}

/** Checks the chart in `root`, packs it into `outdir`, and returns the path of the package. */
export function packChart(root: string, outdir: string): string {
  const helm = program('helm', 'helm');
  run(helm, ['lint', '--strict', chartFolder(root)]);
  const work = mkdtempSync(join(tmpdir(), 'kvcp-chart-'));
  try {
    const folder = join(work, name);
    cpSync(chartFolder(root), folder, { recursive: true });
    for (const file of ['README.md', 'values.yaml'])
      writeFileSync(
        join(folder, file),
        withAbsoluteLinks(readFileSync(join(folder, file), 'utf8'), releaseSettings(root)),
      );
    rmSync(join(folder, 'README.md.gotmpl'));
    // Helm takes over the times of the files. With the same times, the same sources give the same bytes.
    for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      utimesSync(join(folder, path), 0, 0);
    mkdirSync(outdir, { recursive: true });
    const output = run(helm, ['package', folder, '--destination', outdir]);
    return output.trim().replace(/^.*: /, '');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A package contains only the chart, so links to other files of the repository need its address. */
function withAbsoluteLinks(text: string, settings: ReleaseSettings): string {
  return text.replaceAll('](../../', `](${pageAddress(settings, '')}`);
}

function program(module: 'helm' | 'helmDocs', file: string): string {
  const { folder, missing } = locateBinaries(process.env, module);
  if (missing.length > 0) throw new ReleaseError(`${file} is not built. Run: npm run controlplane`);
  return join(folder, file);
}

function main(): void {
  const root = resolve(import.meta.dirname, '..');
  for (const [path, text] of generatedFiles(root)) writeFileSync(join(chartFolder(root), path), text);
  console.log(packChart(root, join(root, 'dist')));
}

if (import.meta.main) await runScript('chart', main);
