import { join, resolve } from 'node:path';
import { buildDistribution, distribution } from '../../scripts/build.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';

const variable = 'KVCP_TEST_BUNDLE';

export interface Bundle {
  /** The file that a container would run. */
  entry: string;
  remove(): void;
}

/** Builds the distribution of this checkout into a temporary folder, because dist/ may be older than src/. */
export async function buildBundle(): Promise<Bundle> {
  const root = resolve(import.meta.dirname, '..', '..');
  const { path: outdir, remove } = temporaryFolder('kvcp-bundle-');
  const { name } = distribution(root);
  try {
    await buildDistribution({ ...distribution(root), outdir, version: '0.0.0-e2e' });
  } catch (error) {
    remove();
    throw error;
  }
  return { entry: join(outdir, `${name}.js`), remove };
}

/** Builds the bundle that all test files of a run share through an environment variable. */
export async function buildSharedBundle(): Promise<Bundle> {
  const bundle = await buildBundle();
  process.env[variable] = bundle.entry;
  return bundle;
}

/** The shared bundle, or a new one if the test file runs alone. */
export async function sharedBundle(): Promise<Bundle> {
  const entry = process.env[variable];
  return entry === undefined ? buildBundle() : { entry, remove: () => {} };
}
