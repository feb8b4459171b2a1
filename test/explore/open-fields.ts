/**
 * Makes the private fields of src/ readable: `#name` becomes `$name` while a file is loaded, and nothing else changes. Only so can two
 * states of a controller be compared completely (dump.ts). Import this first, and the product with `await import` only after it.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const src = new URL('../../src/', import.meta.url).href;
const uses = /(?<=\.)#(?=[a-zA-Z_])/g;
const declarations = /^(\s+(?:(?:readonly|static|async|get|set|declare)\s+)*\*?)#(?=[a-zA-Z_])/gm;

registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith(src)) return nextLoad(url, context);
    const text = readFileSync(fileURLToPath(url), 'utf8');
    const open = text.replace(uses, '$').replace(declarations, '$1$$');
    return { format: 'module-typescript', shortCircuit: true, source: open };
  },
});
