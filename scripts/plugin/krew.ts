import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from '../platforms.ts';

export interface KrewArchive {
  readonly platform: Platform;
  /** File name. */
  readonly name: string;
  /** The program in it. */
  readonly program: string;
  readonly sha256: string;
}

/** The manifest for krew, the plugin manager that installs `kubectl vip`: deploy/krew/vip.yaml, with an entry for each platform. */
export function krewManifest(root: string, version: string, archives: readonly KrewArchive[]): string {
  const template = readFileSync(join(root, 'deploy/krew/vip.yaml'), 'utf8').replace(/^#.*\n/, '');
  const [head = '', entry = ''] = template.split(/(?<=^ {2}platforms:\n)/m);
  const entries = archives.map(({ platform, name, program, sha256 }) => {
    const [os = '', architecture = ''] = platform.split('/');
    const values = { OS: os, ARCH: architecture, ARCHIVE: name, SHA256: sha256, PROGRAM: program };
    return replaced(entry, values);
  });
  return replaced(head + entries.join(''), { VERSION: `v${version}` });
}

function replaced(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\b[A-Z]+[A-Z0-9]*\b/g, (word) => values[word] ?? word);
}
