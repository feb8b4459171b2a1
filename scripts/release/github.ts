/**
 * Creates a draft of the release on GitHub, with the files in dist/release and the section of the changelog. A maintainer publishes it.
 *
 *   npm run github-release      needs gh, and GH_TOKEN
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ReleaseFiles } from './files.ts';
import { ReleaseError, runScript } from './script.ts';
import { type ReleaseSettings, releaseSettings } from './settings.ts';

/** The section of a version in the changelog. Throws if there is none. */
export function notesOf(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m);
  const section = sections.find((text) => text.startsWith(`[${version}] - `));
  if (section === undefined)
    throw new ReleaseError(
      `CHANGELOG.md has no section for ${version}. Run \`npm run prepare-release -- ${version}\`, and tag that commit.`,
    );
  // The last section is followed by the addresses of the links.
  return `${section
    .slice(section.indexOf('\n'))
    .split(/^\[[^\]]+\]: /m)[0]
    ?.trim()}\n`;
}

/** The arguments of gh. The notes come from standard input. */
export function draftArguments(settings: ReleaseSettings, files: ReleaseFiles): string[] {
  const tag = `v${settings.version}`;
  const isPreRelease = settings.version.includes('-');
  const flags = ['--draft', '--verify-tag', '--title', tag, '--notes-file', '-'];
  const attached = [...files.downloads, files.checksums, files.signature];
  return ['release', 'create', tag, ...flags, ...(isPreRelease ? ['--prerelease'] : []), ...attached];
}

/** Runs gh, which `env` finds, in the checkout. */
export function createDraft(root: string, files: ReleaseFiles, env: NodeJS.ProcessEnv): string {
  const settings = releaseSettings(root);
  const input = notesOf(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), settings.version);
  if (!existsSync(files.signature))
    throw new ReleaseError('The checksums are not signed. Run `npm run push-release` first.');
  return execFileSync('gh', draftArguments(settings, files), { cwd: root, env, input, encoding: 'utf8' });
}

function main(): void {
  const root = resolve(import.meta.dirname, '..', '..');
  const files = new ReleaseFiles(join(root, 'dist', 'release'), releaseSettings(root));
  process.stdout.write(createDraft(root, files, process.env));
}

if (import.meta.main) await runScript('github-release', main);
