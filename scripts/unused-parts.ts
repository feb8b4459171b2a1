import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

/**
 * Packages that `@kubernetes/client-node/dist/config.js` imports and this project never calls, with what is imported from them: the
 * generated API and its HTTP client, YAML (we read the files ourselves), and OIDC (see src/client/kubeconfig/oidc-tokens.ts).
 */
const unusedPackages: Readonly<Record<string, readonly string[]>> = {
  'js-yaml': ['load'],
  'openid-client': ['discovery', 'refreshTokenGrant', 'customFetch'],
  undici: ['Agent', 'ProxyAgent'],
};

const unusedFiles: Readonly<Record<string, readonly string[]>> = {
  './gen/index.js': ['createConfiguration', 'ServerConfiguration'],
  './middleware.js': ['setHeaderMiddleware'],
};

const libraryFolder = /[/\\]@kubernetes[/\\]client-node[/\\]dist$/;

/** Replaces them by functions that throw, which makes a bundle with the kubeconfig reader a third of the size. */
export const withoutUnusedParts: Plugin = {
  name: 'without-unused-parts',
  setup({ onResolve, onLoad }) {
    const namespace = 'unused';
    onResolve({ filter: /^(?:[a-z-]+|\.\/[a-z/]+\.js)$/ }, ({ path, resolveDir }) => {
      const isUnused = path in unusedPackages || path in unusedFiles;
      return isUnused && libraryFolder.test(resolveDir) ? { path, namespace } : undefined;
    });
    // `debug` has one for browsers, which it only loads in Electron.
    onResolve({ filter: /^\.\/browser\.js$/ }, ({ path, resolveDir }) =>
      /[/\\]debug[/\\]src$/.test(resolveDir) ? { path, namespace } : undefined,
    );
    // Only its version is used, for the user agent.
    onLoad({ filter: /[/\\]@kubernetes[/\\]client-node[/\\]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
    onLoad({ filter: /.*/, namespace }, ({ path }) => {
      const names = unusedPackages[path] ?? unusedFiles[path] ?? [];
      const message = JSON.stringify(`${path} is not bundled (scripts/unused-parts.ts)`);
      const parts = names.map((name) => `export function ${name}() { throw new Error(${message}); }`);
      return { contents: parts.join('\n') };
    });
  },
};
