import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { downloadAddress, releaseSettings, taggedImage } from '../../scripts/release/settings.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import type { Cluster } from './cluster.ts';

const root = resolve(import.meta.dirname, '..', '..');
const settings = releaseSettings(root);

/** The image for the version of this checkout. */
export const ourImage = taggedImage(settings);

/** What a release publishes, and the same in this checkout. */
const published = new Map([
  [downloadAddress(settings, 'kube-vip-cloud-controller.yaml'), 'manifest/kube-vip-cloud-controller.yaml'],
  [
    `${settings.charts}/kube-vip-cloud-provider --version ${settings.chartVersion}`,
    'charts/kube-vip-cloud-provider',
  ],
]);

/** Commands that take from this checkout what they take from a release. */
function fromCheckout(commands: string): string {
  const local = [...published].reduce((text, [address, path]) => text.replaceAll(address, path), commands);
  assert.doesNotMatch(local, /\/releases\/download\/|oci:/, 'the address is one of this version');
  return local;
}

/** The code blocks of a document in docs/, by section and position, and which of them were not followed yet. */
export class Guide {
  readonly #blocks: ReadonlyMap<string, string>;
  readonly #left: Set<string>;

  constructor(name: string) {
    const sections = readFileSync(join(root, 'docs', name), 'utf8').split(/^## /m);
    const blocks = sections.flatMap((section) => {
      const [title = ''] = section.split('\n');
      const texts = [...section.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)];
      return texts.map(([, text = ''], index): [string, string] => [`${title} ${index}`, text]);
    });
    this.#blocks = new Map(blocks);
    this.#left = new Set(this.#blocks.keys());
  }

  /** Returns the text of a block and marks it as followed. */
  follow(section: string, index: number): string {
    const key = `${section} ${index}`;
    this.#left.delete(key);
    return this.#blocks.get(key) ?? assert.fail(`there is no block ${key}`);
  }

  /** The blocks that were not followed yet. */
  get left(): string[] {
    return [...this.#left];
  }
}

/** A shell in a checkout, with kubectl, helm and npm in its PATH. */
export class Shell {
  readonly #cluster: Cluster;
  readonly #folder = temporaryFolder('kvcp-shell-');

  /** `files` are additional links in the checkout, from their names to their targets. */
  constructor(cluster: Cluster, files: Readonly<Record<string, string>> = {}) {
    this.#cluster = cluster;
    // `npm run build` writes into the real folder, which a fresh checkout lacks.
    mkdirSync(join(root, 'dist'), { recursive: true });
    for (const name of readdirSync(root)) symlinkSync(join(root, name), join(this.#folder.path, name));
    for (const [name, file] of Object.entries(files)) symlinkSync(file, join(this.#folder.path, name));
  }

  /** Saves a text as a file in a new folder. */
  save(text: string, file: string): void {
    const path = join(this.#folder.path, file);
    mkdirSync(dirname(path));
    writeFileSync(path, text);
  }

  /** Runs commands and returns their standard output. */
  run(commands: string): Promise<string> {
    const { promise, resolve: fulfil, reject } = Promise.withResolvers<string>();
    const tools = (['controlplane', 'helm'] as const).map((name) => locateBinaries(process.env, name).folder);
    const env = {
      HOME: this.#folder.path,
      KUBECONFIG: this.#cluster.server.kubeconfig(),
      PATH: [...tools, dirname(process.execPath), process.env.PATH].join(delimiter),
    };
    const options = { cwd: this.#folder.path, env, timeout: 300_000 };
    execFile('/bin/sh', ['-euc', fromCheckout(commands)], options, (error, stdout, stderr) => {
      if (error === null) fulfil(stdout);
      else reject(new Error(`${commands}\n${stdout}${stderr}`));
    });
    return promise;
  }

  close(): void {
    this.#folder.remove();
  }
}

/** A shell that runs the blocks of a guide. */
export class GuideShell {
  readonly #shell: Shell;
  readonly #guide: Guide;

  constructor(cluster: Cluster, guide: Guide, files: Readonly<Record<string, string>> = {}) {
    this.#shell = new Shell(cluster, files);
    this.#guide = guide;
  }

  /** Saves a block of a section as a file in a new folder. */
  save(section: string, index: number, file: string): void {
    this.#shell.save(this.#guide.follow(section, index), file);
  }

  /** Runs a block of a section and returns its standard output. */
  run(section: string, index: number): Promise<string> {
    return this.#shell.run(this.#guide.follow(section, index));
  }

  close(): void {
    this.#shell.close();
  }
}
