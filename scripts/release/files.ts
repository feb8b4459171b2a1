import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sbomFile } from '../image/main.ts';
import type { Architecture } from '../image/platform.ts';
import type { ReleaseSettings } from './settings.ts';

/** The files of a release, in `dist/release`. */
export class ReleaseFiles {
  readonly folder: string;
  readonly #chartVersion: string;

  constructor(folder: string, { chartVersion }: ReleaseSettings) {
    this.folder = folder;
    this.#chartVersion = chartVersion;
  }

  /** The OCI layout of the image. It goes to a registry, and is not part of the checksums. */
  get layout(): string {
    return join(this.folder, 'oci');
  }

  get chart(): string {
    return join(this.folder, `kube-vip-cloud-provider-${this.#chartVersion}.tgz`);
  }

  get manifest(): string {
    return join(this.folder, 'kube-vip-cloud-controller.yaml');
  }

  /** The predicate of the image's provenance (SLSA v1). */
  get provenance(): string {
    return join(this.folder, 'provenance.json');
  }

  get checksums(): string {
    return join(this.folder, 'checksums.txt');
  }

  /** The signature of the checksums, with what is needed to verify it. */
  get signature(): string {
    return join(this.folder, 'checksums.txt.sigstore.json');
  }

  /** The software bill of materials of one platform's image (CycloneDX). */
  sbom(architecture: Architecture): string {
    return sbomFile(this.folder, architecture);
  }

  /** All files that users download, except the checksums and their signature. */
  get downloads(): string[] {
    const others = new Set([this.checksums, this.signature].map((path) => basename(path)));
    return readdirSync(this.folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !others.has(entry.name))
      .map(({ name }) => join(this.folder, name))
      .sort();
  }
}

/** One line for each file, as `sha256sum --check` reads it. */
export function checksumsOf(paths: readonly string[]): string {
  const lines = paths.map((path) => {
    const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
    return `${digest}  ${basename(path)}\n`;
  });
  return lines.join('');
}
