import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The names under which a release is published. package.json sets them, and Chart.yaml the version of the chart: no other file does. */
export interface ReleaseSettings {
  /** Without a leading `v`. */
  readonly version: string;
  /** URL of the repository. */
  readonly repository: string;
  /** Name of the image, without a tag. */
  readonly image: string;
  /** URL of the OCI repository that contains the chart. */
  readonly charts: string;
  /** Of the chart, which has versions of its own. */
  readonly chartVersion: string;
}

/** Reads package.json and Chart.yaml in `root`. Throws if a name is missing. */
export function releaseSettings(root: string): ReleaseSettings {
  const { version, release } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version?: string;
    release?: Partial<ReleaseSettings>;
  };
  const { repository, image, charts } = release ?? {};
  if (!version || !repository || !image || !charts)
    throw new Error('package.json: Set version, release.repository, release.image, and release.charts.');
  const chart = readFileSync(join(root, 'charts', 'kube-vip-cloud-provider', 'Chart.yaml'), 'utf8');
  const [, chartVersion] = /^version: (\S+)$/m.exec(chart) ?? [];
  if (chartVersion === undefined) throw new Error('Chart.yaml: Set version.');
  return { version, repository, image, charts, chartVersion };
}

/** The image with its tag, as the manifest names it. */
export function taggedImage({ image, version }: ReleaseSettings): string {
  return `${image}:v${version}`;
}

/** The address of a file of the release, such as `docs/README.md`, where a browser shows it. */
export function pageAddress({ repository, version }: ReleaseSettings, path: string): string {
  return `${repository}/blob/v${version}/${path}`;
}

/** The address of a file that belongs to the release, such as the manifest. */
export function downloadAddress({ repository, version }: ReleaseSettings, file: string): string {
  return `${repository}/releases/download/v${version}/${file}`;
}
