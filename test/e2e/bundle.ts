import { join, resolve } from 'node:path';
import { buildDistribution, distribution } from '../../scripts/build.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';

const variable = 'KVCP_TEST_BUNDLE';

export interface Bundle {
  /** The file that a container would run. */
  entry: string;
  remove(): void;
}

/** Builds the distribution of this checkout into a folder of its own: dist/ may be older than src/. */
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

/** Builds the one bundle of a test run; test files find it by the environment that they inherit. */
export async function buildSharedBundle(): Promise<Bundle> {
  const bundle = await buildBundle();
  process.env[variable] = bundle.entry;
  return bundle;
}

/** The bundle of the test run, or one of its own for a file that is run alone. */
export async function sharedBundle(): Promise<Bundle> {
  const entry = process.env[variable];
  return entry === undefined ? buildBundle() : { entry, remove: () => {} };
}
