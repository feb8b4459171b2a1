import { chmodSync, cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { last, pairsOf, type Stage, stagesIn } from './dockerfile.ts';
import { ImageError } from './failure.ts';
import type { ImageConfig } from './oci.ts';

/** The Dockerfile's last stage: it says what is in the image and how it is started, also for the image that is built without Docker. */
export function finalStage(root: string): Stage {
  const stage = stagesIn(readFileSync(join(root, 'Dockerfile'), 'utf8')).at(-1);
  if (stage === undefined) throw new ImageError('The Dockerfile has no stage.');
  return stage;
}

/** Copies the files of the stage into `target`. `built` has what the Dockerfile's first stage builds into dist/. */
export function addApp(target: string, root: string, built: string): void {
  for (const { name, flags, words } of finalStage(root).instructions) {
    if (name !== 'COPY') continue;
    const [from = '', to = ''] = words;
    if (words.length !== 2) throw new ImageError(`Dockerfile: COPY ${words.join(' ')} has not two paths.`);
    const source =
      flags.get('from') === undefined ? join(root, from) : from.replace(/^\/src\/dist\/$/, built);
    const isFolder = statSync(source).isDirectory();
    const at = join(target, isFolder || !to.endsWith('/') ? to : join(to, basename(from)));
    mkdirSync(dirname(at), { recursive: true });
    cpSync(source, at, { recursive: true });
    const mode = flags.get('chmod');
    if (mode !== undefined) chmodSync(at, Number.parseInt(mode, 8));
  }
}

/** The config of the image, with the values of the Dockerfile's arguments. */
export function configOf(
  root: string,
  created: string,
  values: Readonly<Record<string, string>>,
): ImageConfig {
  const stage = finalStage(root);
  const pairs = (name: string): [string, string][] =>
    pairsOf(stage, name).map(([key, value]) => [
      key,
      value.replaceAll(/\$(\w+)/g, (_, variable: string) => values[variable] ?? ''),
    ]);
  // This image has no base image.
  const labels = pairs('LABEL').filter(([key]) => !key.startsWith('org.opencontainers.image.base.'));
  return {
    user: last(stage, 'USER'),
    entrypoint: JSON.parse(last(stage, 'ENTRYPOINT')) as string[],
    env: pairs('ENV').map(([key, value]) => `${key}=${value}`),
    ports: [`${last(stage, 'EXPOSE')}/tcp`],
    labels: Object.fromEntries([...labels, ['org.opencontainers.image.created', created]]),
    created,
  };
}
