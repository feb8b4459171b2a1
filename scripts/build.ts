import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, relative, resolve } from 'node:path';
import { type BuildResult, build as bundle, type Plugin } from 'esbuild';
import { pageFiles } from '../src/web/page-files.ts';
import { licensesText, type Package, packagesOf } from './licenses.ts';
import { withoutUnusedParts } from './unused-parts.ts';

/** A program for the PATH: one self-contained executable file, which works wherever it is copied or linked. */
export interface Tool {
  entry: string;
  /** File name without extension. */
  name: string;
}

/**
 * The contents of dist/: the controller as one file, and one self-contained file for each module that it imports
 * dynamically. Code splitting by esbuild would move shared code to a third file, which the controller in a cluster would
 * then load too. The cost: a class in both files exists twice, so don't use `instanceof` with classes of this project
 * on values from a dynamically imported module.
 */
export interface BuildPlan {
  root: string;
  /** Undefined: only the tools. */
  entry: string | undefined;
  /** File name of the entry in the output, without extension. */
  name: string;
  outdir: string;
  version: string;
  tools?: readonly Tool[];
  /** Programs to copy unchanged. */
  scripts?: readonly string[];
  /** Packages not to bundle. Used only in a test. */
  external?: string[];
}

export interface Distribution {
  readonly files: readonly BuiltFile[];
  /** The npm packages in the bundles. */
  readonly packages: readonly Package[];
}

export interface BuiltFile {
  name: string;
  bytes: number;
}

interface Bundle {
  name: string;
  text: string;
  legal: string;
  inputs: string[];
}

const oldestNode = 24;

const requireInModules =
  "import { createRequire as createRequireHere } from 'node:module';\nconst require = createRequireHere(import.meta.url);";

/** Without this check, an older Node fails later with an unrelated error. */
const requireNode = `if (Number(process.versions.node.split('.')[0]) < ${oldestNode}) {
  process.stderr.write('Node ' + process.version + ' is not supported. Install Node ${oldestNode} or newer.\\n');
  process.exit(1);
}`;

export async function buildDistribution(plan: BuildPlan): Promise<Distribution> {
  const bundles: Bundle[] = [];
  const { root, entry, name } = plan;
  const entries = new Map(entry === undefined ? [] : [[resolve(root, entry), name] as const]);
  const done = new Set<string>();
  for (const [path, name] of entries) {
    if (done.has(path)) continue;
    done.add(path);
    bundles.push(await bundleOne(plan, path, name, entries));
  }
  const tools: Bundle[] = [];
  for (const { entry, name } of plan.tools ?? [])
    tools.push(await bundleOne(plan, resolve(plan.root, entry), name, undefined));
  const packages = packagesOf(
    plan.root,
    [...bundles, ...tools].flatMap(({ inputs }) => inputs),
  );
  const license = licensesText(
    packages,
    [...bundles, ...tools].map(({ legal }) => legal),
  );
  const manifest = {
    name: plan.name,
    version: plan.version,
    type: 'module',
    private: true,
    engines: { node: `>=${oldestNode}` },
  };
  const files = [
    ...[...bundles, ...tools].map(({ name, text }) => ({ name: `${name}.js`, text })),
    { name: 'package.json', text: `${JSON.stringify(manifest, undefined, 2)}\n` },
    { name: 'LICENSES', text: license },
    ...(plan.scripts ?? []).map((path) => ({
      name: basename(path),
      text: readFileSync(join(plan.root, path), 'utf8'),
    })),
  ];
  // A failed build keeps the previous output.
  rmSync(plan.outdir, { recursive: true, force: true });
  mkdirSync(plan.outdir, { recursive: true });
  for (const { name, text } of files) writeFileSync(join(plan.outdir, name), text);
  const programs = [
    ...tools.map(({ name }) => `${name}.js`),
    ...(plan.scripts ?? []).map((path) => basename(path)),
  ];
  for (const name of programs) chmodSync(join(plan.outdir, name), 0o755);
  return { files: files.map(({ name, text }) => ({ name, bytes: Buffer.byteLength(text) })), packages };
}

async function bundleOne(
  plan: BuildPlan,
  path: string,
  name: string,
  others: Map<string, string> | undefined,
): Promise<Bundle> {
  const withoutRequire = await runEsbuild(plan, path, name, others, '');
  const requires = Object.values(withoutRequire.metafile.outputs).some(({ imports }) =>
    imports.some(({ kind }) => kind === 'require-call'),
  );
  // Bundled CommonJS calls `require`, which an ES module does not have.
  const result = requires ? await runEsbuild(plan, path, name, others, requireInModules) : withoutRequire;
  checkImports(result, name, new Set(others?.values()));
  const text = result.outputFiles.find((file) => file.path.endsWith('.js'))?.text;
  if (text === undefined) throw new Error(`build: esbuild did not create ${name}.js`);
  const legal = result.outputFiles.find((file) => file.path.endsWith('.LEGAL.txt'))?.text ?? '';
  return { name, text, legal, inputs: Object.keys(result.metafile.inputs) };
}

/** `others` collects dynamically imported modules, which become separate files. Undefined: bundle them into the same file. */
function runEsbuild(
  plan: BuildPlan,
  path: string,
  name: string,
  others: Map<string, string> | undefined,
  banner: string,
) {
  const shebang = others === undefined ? '#!/usr/bin/env node\n' : '';
  return bundle({
    absWorkingDir: plan.root,
    entryPoints: { [name]: path },
    outdir: plan.outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: `node${oldestNode}`,
    // Keep names and lines, so that stack traces are readable.
    minifySyntax: true,
    charset: 'utf8',
    legalComments: 'external',
    define: { BUILD_VERSION: JSON.stringify(plan.version) },
    banner: { js: shebang + (banner === '' ? requireNode : `${banner}\n${requireNode}`) },
    plugins: [
      others === undefined ? builtinsOnDemand : separateFiles(plan.root, others),
      embeddedPage,
      withoutUnusedParts,
    ],
    external: plan.external ?? [],
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
}

/** Turns `await import('./kubeconfig.ts')` into an import of a separate file in the same folder. */
function separateFiles(root: string, others: Map<string, string>): Plugin {
  return {
    name: 'separate-files',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^\.?\.?\// }, ({ kind, path, resolveDir }) => {
        const target = resolve(resolveDir, path);
        const isPackage = relative(root, target).split(/[/\\]/).includes('node_modules');
        if (kind !== 'dynamic-import' || isPackage) return undefined;
        const name = others.get(target) ?? basename(target).replace(/\.[cm]?[jt]s$/, '');
        const isNameInUse = [...others].some(([file, other]) => other === name && file !== target);
        if (isNameInUse)
          return { errors: [{ text: `Two modules would become ${name}.js. Rename one of them.` }] };
        others.set(target, name);
        return { path: `./${name}.js`, external: true };
      });
    },
  };
}

/**
 * Loads a module of Node together with the first module that imports it. An import statement of the bundle would load all of
 * them at the start: node:http alone takes longer than the rest of `kubectl vip version`.
 */
const builtinsOnDemand: Plugin = {
  name: 'builtins-on-demand',
  setup({ onResolve, onLoad }) {
    const namespace = 'builtin';
    onResolve({ filter: /^[a-z_:/]+$/ }, ({ path }) =>
      isBuiltin(path) ? { path: path.replace(/^node:/, ''), namespace } : undefined,
    );
    onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** Embeds the files of the web page: the image has no source folder and cannot strip types. */
const embeddedPage: Plugin = {
  name: 'embedded-page',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[/\\]src[/\\]web[/\\]page-files\.ts$/ }, () => ({
      contents: `const files = ${JSON.stringify(pageFiles())};\nexport const pageFiles = () => files;\n`,
    }));
  },
};

/** Modules that bundled packages require inside a `try`: `debug` uses this one for colors. */
const optionalModules: ReadonlySet<string> = new Set(['supports-color']);

/** Only Node modules may be external: a package would be missing at run time. */
function checkImports(
  result: Pick<BuildResult<{ metafile: true }>, 'metafile'>,
  name: string,
  separate: ReadonlySet<string>,
): void {
  const missing = Object.values(result.metafile.outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external }) => external === true)
    .filter(({ path, kind }) => !(kind === 'require-call' && optionalModules.has(path)))
    .filter(({ path }) => !isBuiltin(path) && !separate.has(path.slice('./'.length, -'.js'.length)))
    .map(({ path }) => path);
  if (missing.length === 0) return;
  const packages = [...new Set(missing)].join(', ');
  throw new Error(`build: ${name}.js requires ${packages}, which is not part of Node. Bundle it.`);
}

/** The distribution of this project. */
export function distribution(root: string): BuildPlan {
  return {
    root,
    entry: 'src/cmd/controller/main.ts',
    name: 'kube-vip-cloud-provider',
    outdir: join(root, 'dist'),
    version: versionOf(root),
    tools: [{ entry: 'src/cmd/kubectl-vip/main.ts', name: 'kubectl-vip' }],
    scripts: ['scripts/kubectl_complete-vip'],
  };
}

function versionOf(root: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  if (typeof version !== 'string') throw new Error('build: package.json has no version. Add one.');
  return version;
}

if (import.meta.main) {
  const plan = distribution(resolve(import.meta.dirname, '..'));
  for (const { name, bytes } of (await buildDistribution(plan)).files) {
    console.log(`${(bytes / 1024).toFixed(0).padStart(6)} kB  dist/${name}`);
  }
}
