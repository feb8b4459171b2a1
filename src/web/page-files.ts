import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

/** A file of the page, as sent to the browser. */
export interface PageFile {
  readonly type: string;
  readonly text: string;
}

/**
 * The files of the page by path. Modules are served as they are, with types replaced by blanks. A build replaces this
 * module with its result (scripts/build.ts).
 */
export function pageFiles(): Readonly<Record<string, PageFile>> {
  const folder = new URL('page/', import.meta.url);
  const files: Record<string, PageFile> = {};
  for (const name of readdirSync(folder).sort()) {
    const ending = name.slice(name.lastIndexOf('.'));
    const type = types[ending];
    if (type === undefined) continue;
    const text = readFileSync(new URL(name, folder), 'utf8');
    const path = name === 'index.html' ? '/' : `/${name}`;
    files[path] = { type, text: ending === '.ts' ? withoutTypes(text) : text };
  }
  return files;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ts': 'text/javascript; charset=utf-8',
};

/** Suppresses the experimental warning of `stripTypeScriptTypes`. */
function withoutTypes(text: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    // Blanks at the end of a line keep no place.
    return stripTypeScriptTypes(text).replace(/ +$/gm, '');
  } finally {
    process.emitWarning = emitWarning;
  }
}
