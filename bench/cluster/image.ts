import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { last, pairsOf, stagesIn } from '../../scripts/image/dockerfile.ts';

/** The command of the image, with files in other folders. */
export interface ImageCommand {
  /** Of Node. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const entry = '/kube-vip-cloud-provider';

/**
 * The command line of the image on this machine's Node: its launcher, the flags of the launcher's first line, and the
 * environment of the Dockerfile. Anything else is an error: a figure must not be that of a different program.
 */
export function imageCommand(root: string, bundles: string, folder: string): ImageCommand {
  const stage = stagesIn(readFileSync(join(root, 'Dockerfile'), 'utf8')).at(-1);
  if (stage === undefined) throw new Error('the Dockerfile has no stage');
  const entrypoint = last(stage, 'ENTRYPOINT');
  if (entrypoint !== JSON.stringify([entry])) throw new Error(`the image starts with ${entrypoint}`);
  const text = readFileSync(join(root, 'deploy', 'image', entry), 'utf8');
  const [line = '', flags] = /^#!\/nodejs\/bin\/node(?: (.+))?\n/.exec(text) ?? [];
  const moved = text.replaceAll(/(?<=['"`])\/app\//g, `${bundles}/`);
  if (line === '' || moved === text) throw new Error(`unknown launcher in the image:\n${text}`);
  const launcher = join(folder, entry);
  writeFileSync(launcher, moved);
  // The kernel passes everything after the program as one argument.
  return {
    args: [...(flags === undefined ? [] : [flags]), launcher],
    env: Object.fromEntries(pairsOf(stage, 'ENV')),
  };
}
