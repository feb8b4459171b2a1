import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

/** Rules in SECURITY.md for the source and its dependencies. */

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

function sources(): string[] {
  const all = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' });
  const files = all.filter((name) => name.endsWith('.ts')).map((name) => `src/${name.replaceAll('\\', '/')}`);
  assert.ok(files.length > 100, `${files.length} files`);
  return files;
}

/** The source of a file without comments. */
function codeOf(file: string): string {
  return read(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
}

const banned: Readonly<Record<string, RegExp>> = {
  'other programs': /\bchild_process\b|\bnode:(?:cluster|worker_threads)\b/,
  'text as code':
    /\beval\b|\bnew\s+Function\b|(?<!new\s)\bFunction\s*\(|\bnode:(?:vm|repl|inspector|wasi)\b|\bWebAssembly\b/,
  'modules named at run time': /\bimport\((?!'[^']+'\))|\bcreateRequire\b|\brequire\s*\(|\bdlopen\b/,
  'TLS without certificate verification': /NODE_TLS_REJECT_UNAUTHORIZED|rejectUnauthorized:\s*false/,
  'prototype manipulation': /\.__proto__\b|\['__proto__'\]|setPrototypeOf/,
};

for (const [what, pattern] of Object.entries(banned)) {
  test(`src does not use ${what}`, () => {
    for (const file of sources()) assert.doesNotMatch(codeOf(file), pattern, file);
  });
}

test('certificates are verified unless a kubeconfig or a flag disables it, in exactly one place for each client', () => {
  const deciding = sources().filter((file) => /\brejectUnauthorized\b/.test(codeOf(file)));
  assert.deepEqual(deciding.sort(), ['src/client/http/dial.ts', 'src/client/kubeconfig/https-agent.ts']);
  for (const file of deciding) assert.match(codeOf(file), /rejectUnauthorized(?::| =) insecure !== true[,;]/);
  const setting = sources().filter((file) => /\.insecure = /.test(codeOf(file)));
  assert.deepEqual(setting, ['src/client/kubeconfig/kubeconfig.ts']);
  assert.match(
    codeOf('src/client/kubeconfig/kubeconfig.ts'),
    /if \(cluster\.skipTLSVerify\) connection\.insecure = true;/,
  );
});

test('the name in a certificate is compared by Node alone, and the plugin says with which name', () => {
  const comparing = sources().filter((file) => /\bcheckServerIdentity\b/.test(codeOf(file)));
  assert.deepEqual(comparing, ['src/client/kubeconfig/https-agent.ts']);
  const uses = codeOf('src/client/kubeconfig/https-agent.ts').match(/checkServerIdentity[^,;]*[,;]/g);
  assert.deepEqual(uses, [
    'checkServerIdentity,',
    'checkServerIdentity = (_: string,',
    'checkServerIdentity(expected,',
  ]);
});

test('three servers listen: health, on the configured address; the API of `npm start` and the page, on loopback', () => {
  const listening = sources().filter((file) => /\.listen\(/.test(codeOf(file)));
  assert.deepEqual(listening.sort(), [
    'src/cmd/controller/health-server.ts',
    'src/embedded/server.ts',
    'src/web/listen.ts',
  ]);
  assert.match(codeOf('src/embedded/server.ts'), /server\.listen\(0, '127\.0\.0\.1', /);
  assert.match(codeOf('src/web/listen.ts'), /server\.listen\(port, '127\.0\.0\.1', /);
});

interface Package {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  hasInstallScript?: boolean;
}

interface About {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
}

const about = JSON.parse(read('package.json')) as About;
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Package> };

test('dependencies are few, and each is pinned to one version', () => {
  assert.deepEqual(Object.keys(about.dependencies).sort(), ['@kubernetes/client-node', 'yaml']);
  const all = { ...about.dependencies, ...about.devDependencies, ...about.optionalDependencies };
  for (const [name, version] of Object.entries(all)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
});

test('the lock file has a checksum for every package, and no download URL', () => {
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
  assert.ok(packages.length > 50);
  for (const [path, { integrity, resolved, link }] of packages) {
    assert.match(integrity ?? '', /^sha512-/, path);
    assert.equal(resolved, undefined, path);
    assert.equal(link, undefined, path);
  }
});

test('installing the dependencies runs no scripts, except the check of one build tool', () => {
  for (const hook of ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'])
    assert.equal(about.scripts[hook], undefined, hook);
  const running = Object.entries(lock.packages).filter(
    ([, { hasInstallScript }]) => hasInstallScript === true,
  );
  // The script only checks that the binary fits the machine. esbuild is not in the image.
  assert.deepEqual(
    running.map(([path]) => path),
    ['node_modules/esbuild'],
  );
});
