import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseSettings } from './settings.ts';

/** The files that pin everything that goes into the image. */
const lockFiles = ['package-lock.json', 'deploy/image/packages.lock.json'];

/** Where a release is built: the run of a workflow, or a machine. */
export interface Builder {
  readonly id: string;
  readonly invocation: string;
}

/** The builder, from the variables that GitHub Actions sets. */
export function builderIn(env: Readonly<Record<string, string | undefined>>): Builder {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_WORKFLOW_REF: workflow } = env;
  if (!server || !repository || !workflow) return { id: 'local', invocation: 'local' };
  const run = `${env.GITHUB_RUN_ID}/attempts/${env.GITHUB_RUN_ATTEMPT}`;
  return { id: `${server}/${workflow}`, invocation: `${server}/${repository}/actions/runs/${run}` };
}

/** How the image was made, as the predicate of SLSA provenance v1 (slsa.dev/spec/v1.0/provenance). */
export function provenanceOf(
  root: string,
  { repository, version }: ReleaseSettings,
  builder: Builder,
): object {
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  const locks = lockFiles.map((path) => ({
    uri: `git+${repository}@refs/tags/v${version}#${path}`,
    digest: {
      sha256: createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest('hex'),
    },
  }));
  return {
    buildDefinition: {
      buildType: `${repository}/blob/v${version}/docs/release.md`,
      externalParameters: { repository, ref: `refs/tags/v${version}`, command: 'npm run release' },
      resolvedDependencies: [
        { uri: `git+${repository}@refs/tags/v${version}`, digest: { gitCommit: commit } },
        ...locks,
      ],
    },
    runDetails: { builder: { id: builder.id }, metadata: { invocationId: builder.invocation } },
  };
}
