import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text that must accompany a bundle: each bundled package with its license. */
export function licensesText(
  root: string,
  inputs: readonly string[],
  legalComments: readonly string[],
): string {
  const packages = [...new Set(inputs.flatMap(packageOf))].sort();
  const parts = packages.map((path) => packageLicense(root, path));
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

function packageLicense(root: string, path: string): string {
  const folder = join(root, path);
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const fields = new Map<string, unknown>(
    typeof manifest === 'object' && manifest !== null ? Object.entries(manifest) : [],
  );
  const title = `${String(fields.get('name'))} ${String(fields.get('version'))} (${String(fields.get('license') ?? 'no license specified')})`;
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name))
    : [];
  const texts = files.sort().map((name) => readFileSync(join(folder, name), 'utf8').trim());
  return [title, ...texts].join('\n\n');
}
