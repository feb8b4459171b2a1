import type { PackageLock } from './packages.ts';
import type { Architecture } from './platform.ts';

/** A component of the image, by its package URL. */
interface Component {
  readonly type: 'application' | 'library' | 'operating-system';
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: 'SHA-256'; readonly content: string }[];
}

export interface SbomInput {
  readonly version: string;
  readonly created: string;
  readonly architecture: Architecture;
  readonly lock: PackageLock;
  readonly nodeVersion: string;
  /** The npm packages in the bundle. */
  readonly bundled: readonly { readonly name: string; readonly version: string }[];
}

/** The software bill of materials of an image, as CycloneDX 1.6. */
export function sbomOf({ version, created, architecture, lock, nodeVersion, bundled }: SbomInput): object {
  const debian = lock.packages[architecture].map(
    ({ name, version, sha256 }): Component => ({
      type: 'library',
      name,
      version,
      purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=${lock.suite}`,
      hashes: [{ alg: 'SHA-256', content: sha256 }],
    }),
  );
  const npm = bundled.map(
    ({ name, version }): Component => ({
      type: 'library',
      name,
      version,
      purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    }),
  );
  const node: Component = {
    type: 'application',
    name: 'node',
    version: nodeVersion,
    purl: `pkg:generic/node@${nodeVersion}`,
  };
  const system: Component = { type: 'operating-system', name: 'debian', version: lock.suite };
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: created,
      component: { type: 'container', name: 'kube-vip-cloud-provider', version },
    },
    components: [system, node, ...debian, ...npm].map((component) => ({
      'bom-ref': component.purl ?? component.name,
      ...component,
    })),
  };
}
