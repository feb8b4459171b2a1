import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Architecture } from './platform.ts';

/** What is the same for all platforms: the config of an image (OCI image-spec, config.md). */
export interface ImageConfig {
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly env: readonly string[];
  readonly ports: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly created: string;
}

export interface PlatformImage {
  readonly architecture: Architecture;
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** An OCI image layout in a folder (OCI image-spec, image-layout.md). */
export class Layout {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true });
    writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  }

  /** Adds the image of a platform; each folder in `roots` becomes a layer. */
  add(architecture: Architecture, roots: readonly string[], config: ImageConfig): PlatformImage {
    const layers = roots.map((root) => {
      const tar = archive(root);
      const layer = this.#blob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(tar, { level: 9 }));
      return { layer, diffId: digestOf(tar) };
    });
    const created = config.created;
    const configBlob = this.#json('application/vnd.oci.image.config.v1+json', {
      architecture,
      os: 'linux',
      created,
      config: {
        User: config.user,
        Entrypoint: config.entrypoint,
        Env: config.env,
        ExposedPorts: Object.fromEntries(config.ports.map((port) => [port, {}])),
        Labels: config.labels,
      },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(() => ({ created, created_by: 'npm run image' })),
    });
    const descriptors = layers.map(({ layer }) => layer);
    const manifest = this.#json(manifestType, {
      schemaVersion: 2,
      mediaType: manifestType,
      config: configBlob,
      layers: descriptors,
    });
    return { architecture, manifest, config: configBlob, layers: descriptors };
  }

  /** Writes the index: one image for all platforms. */
  finish(images: readonly PlatformImage[], name: string): void {
    writeFileSync(join(this.folder, 'index.json'), indexOf(images, name));
  }

  /** Writes the image of one platform into one file, which `docker load`, `podman load`, and `ctr images import` read. */
  pack(file: string, image: PlatformImage, name: string): void {
    const folder = `${file}.d`;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true });
    try {
      cpSync(join(this.folder, 'oci-layout'), join(folder, 'oci-layout'));
      for (const { digest } of [image.manifest, image.config, ...image.layers])
        linkSync(join(this.folder, pathOf(digest)), join(folder, pathOf(digest)));
      writeFileSync(join(folder, 'index.json'), indexOf([image], name));
      // Docker reads this file, and takes one platform.
      writeFileSync(join(folder, 'manifest.json'), JSON.stringify([dockerManifest(image, name)]));
      writeFileSync(file, archive(folder));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #json(mediaType: string, value: unknown): Descriptor {
    return this.#blob(mediaType, Buffer.from(JSON.stringify(value)));
  }

  #blob(mediaType: string, content: Buffer): Descriptor {
    const digest = digestOf(content);
    writeFileSync(join(this.folder, pathOf(digest)), content);
    return { mediaType, digest, size: content.length };
  }
}

function indexOf(images: readonly PlatformImage[], name: string): string {
  const manifests = images.map(({ architecture, manifest }) => ({
    ...manifest,
    platform: { architecture, os: 'linux' },
    annotations: annotationsOf(name),
  }));
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  return JSON.stringify({ schemaVersion: 2, mediaType, manifests });
}

function dockerManifest({ config, layers }: PlatformImage, name: string): object {
  return {
    Config: pathOf(config.digest),
    RepoTags: [name],
    Layers: layers.map(({ digest }) => pathOf(digest)),
  };
}

/** containerd imports an image under its full name; other programs read the tag. */
function annotationsOf(name: string): Record<string, string> {
  const tag = name.slice(name.lastIndexOf(':') + 1);
  return { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': tag };
}

function pathOf(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** An archive that depends on the files alone: sorted, without times, and owned by root. Requires GNU tar. */
function archive(folder: string): Buffer {
  const flags = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
  const mode = '--mode=u+rwX,go+rX,go-w';
  return execFileSync('tar', ['-c', ...flags, mode, '-C', folder, '.'], { maxBuffer: 1 << 30 });
}
