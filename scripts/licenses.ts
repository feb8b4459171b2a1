import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An npm package. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** Undefined if package.json has none. */
  readonly license: string | undefined;
  readonly folder: string;
}

/** The packages that these source files belong to. */
export function packagesOf(root: string, inputs: readonly string[]): Package[] {
  return [...new Set(inputs.flatMap(packageOf))].sort().map((path) => readPackage(join(root, path)));
}

/** The text that must accompany a bundle: each bundled package with its license. */
export function licensesText(packages: readonly Package[], legalComments: readonly string[]): string {
  const parts = packages.map(packageLicense);
  const comments = [...new Set(legalComments.map((text) => text.trim()))].filter((text) => text !== '');
  if (comments.length > 0) parts.push(`Legal comments in the bundled code\n\n${comments.join('\n\n')}`);
  if (parts.length === 0) return 'No third-party code is bundled.\n';
  const line = `\n\n${'-'.repeat(80)}\n\n`;
  return `${['The other files in this folder contain code from these packages.', ...parts].join(line)}\n`;
}

/** `node_modules/a/node_modules/@b/c/dist/index.js` belongs to the package in `node_modules/a/node_modules/@b/c`. */
function packageOf(input: string): string[] {
  const path = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
  return path === undefined ? [] : [path];
}

function readPackage(folder: string): Package {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const fields = new Map<string, unknown>(
    typeof manifest === 'object' && manifest !== null ? Object.entries(manifest) : [],
  );
  const license = fields.get('license');
  return {
    name: String(fields.get('name')),
    version: String(fields.get('version')),
    license: license === undefined ? undefined : String(license),
    folder,
  };
}

function packageLicense({ name, version, license, folder }: Package): string {
  const title = `${name} ${version} (${license ?? 'no license specified'})`;
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name))
    : [];
  const texts = files.sort().map((name) => readFileSync(join(folder, name), 'utf8').trim());
  return [title, ...texts].join('\n\n');
}
