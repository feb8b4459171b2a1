/**
 * Sets the version, and the names under which a release is published, in every file that contains them:
 *
 *   npm run prepare-release -- 1.0.0
 *   npm run prepare-release -- 1.0.0 --image registry.example.com/network/kube-vip-cloud-provider
 *
 * Also dates the changelog, and removes the notices that nothing has been released yet.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chartFolder, generatedFiles } from '../chart.ts';
import { ReleaseError, runScript } from './script.ts';
import { type ReleaseSettings, releaseSettings } from './settings.ts';

/** The files that may name the version, the image, the chart, or the repository. */
export const namingFiles = [
  'Dockerfile',
  '*.md',
  '.github/**/*.{md,yaml,yml}',
  'charts/**/*.{yaml,md,gotmpl}',
  'deploy/**/*.yaml',
  'docs/**/*.md',
  'examples/**/*.{yaml,md}',
  'manifest/*.yaml',
];

/** The start of each notice for the time before the first release. It is the first sentence of a paragraph of its own. */
export const unreleasedNotice = 'No version has been released yet';

const changelog = 'CHANGELOG.md';

/** Changes the files in `root` from the current settings to `next`. `date` is the day of the release, as in 2026-11-28. */
export function prepareRelease(root: string, next: ReleaseSettings, date: string): void {
  const current = releaseSettings(root);
  edit(join(root, 'package.json'), (text) => renamed(withVersion(text, current, next), current, next));
  edit(join(root, 'package-lock.json'), (text) => withVersion(text, current, next));
  for (const path of globSync(namingFiles, { cwd: root }))
    edit(join(root, path), (text) => {
      if (path === changelog) return releasedChangelog(renamed(text, current, next), next, date);
      return withoutNotices(renamed(withTags(path, text, current, next), current, next));
    });
  for (const [path, text] of generatedFiles(root)) writeFileSync(join(chartFolder(root), path), text);
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

/** Replaces the first field `version`, the one of the project. */
function withVersion(text: string, current: ReleaseSettings, next: ReleaseSettings): string {
  // package-lock.json has the field twice, before those of any dependency.
  const field = (version: string): string => `"version": "${version}"`;
  const end = text.indexOf('"dependencies"');
  return text.slice(0, end).replaceAll(field(current.version), field(next.version)) + text.slice(end);
}

/** Replaces the names. The Go version has the same image, at v0.0.x. */
function renamed(text: string, current: ReleaseSettings, next: ReleaseSettings): string {
  const pairs: [string, string][] = [
    [current.image, next.image],
    [current.repository, next.repository],
    [current.charts, next.charts],
  ];
  return pairs.reduce(
    (named, [from, to]) =>
      named.replaceAll(new RegExp(`${escaped(from)}(?!:v0\\.0\\.|[\\w-])`, 'g'), () => to),
    text,
  );
}

/** Replaces versions where they are those of this project. */
function withTags(path: string, text: string, current: ReleaseSettings, next: ReleaseSettings): string {
  const before = '(?<=kube-vip-cloud-provider:|/blob/|/download/|/tags/|\\?ref=|VERSION=|appVersion: )';
  const tagged = text.replaceAll(
    new RegExp(`${before}v${escaped(current.version)}(?![\\w.-])`, 'g'),
    `v${next.version}`,
  );
  const chart = path.endsWith('/Chart.yaml') ? '^version: ' : 'kube-vip-cloud-provider --version ';
  const pattern = new RegExp(`(${chart})${escaped(current.chartVersion)}(?![\\w.-])`, 'gm');
  return tagged.replaceAll(pattern, (_, label: string) => `${label}${next.chartVersion}`);
}

function withoutNotices(text: string): string {
  return text.replaceAll(new RegExp(`^${unreleasedNotice}[\\s\\S]*?\\n\\n`, 'gm'), '');
}

/** What is unreleased becomes the section of the version. */
function releasedChangelog(text: string, { version, repository }: ReleaseSettings, date: string): string {
  const heading = '## [Unreleased]\n';
  const [, previous] = /^## \[(\d\S*)\]/m.exec(text) ?? [];
  if (previous === version) return text;
  const since = (tag: string): string => `${repository}/compare/${tag}...HEAD`;
  const link =
    previous === undefined
      ? `${repository}/releases/tag/v${version}`
      : `${repository}/compare/v${previous}...v${version}`;
  return text
    .replace(heading, `${heading}\n## [${version}] - ${date}\n`)
    .replace(/^\[Unreleased\]: .*\n/m, `[Unreleased]: ${since(`v${version}`)}\n[${version}]: ${link}\n`);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** Whether the first semantic version is newer than the second. Pre-releases are not compared. */
export function isNewer(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(/[.-]/).map(Number));
  const at = [0, 1, 2].find((index) => a?.[index] !== b?.[index]);
  return at !== undefined && (a?.[at] ?? 0) > (b?.[at] ?? 0);
}

const usage = `Usage: npm run prepare-release -- VERSION [FLAG...]

  --image NAME          the image, without a tag
  --repository URL      the repository
  --charts OCI-URL      the OCI repository of the chart
  --chart-version VERSION
                        of the chart; by default VERSION, if that is newer than the current one
`;

function nextSettings(current: ReleaseSettings, args: string[]): ReleaseSettings {
  const option = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { image: option, repository: option, charts: option, 'chart-version': option },
  });
  const [version] = positionals;
  if (version === undefined || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version) || positionals.length > 1)
    throw new ReleaseError(`Name one version, such as 1.0.0.\n\n${usage}`);
  const chartVersion = values['chart-version'] ?? version;
  if (chartVersion !== current.chartVersion && !isNewer(chartVersion, current.chartVersion))
    throw new ReleaseError(
      `The chart has version ${current.chartVersion}, and ${chartVersion} is not newer. Add --chart-version.`,
    );
  const { image = current.image, repository = current.repository, charts = current.charts } = values;
  return { version, image, repository, charts, chartVersion };
}

function main(): void {
  const root = resolve(import.meta.dirname, '..', '..');
  prepareRelease(
    root,
    nextSettings(releaseSettings(root), process.argv.slice(2)),
    new Date().toISOString().slice(0, 10),
  );
}

if (import.meta.main) await runScript('prepare-release', main);
